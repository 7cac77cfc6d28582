#pragma once

#include "absl/status/status.h"

#include "broker/ledger/fsck.h"
#include "broker/ledger/fsck_database.h"

namespace derwent::ledger {

// The file as such: SQLite's own integrity check, and that the tables are exactly ours.
absl::Status CheckFile(FsckDatabase& database);

// The tables beside the log: each row's check value, and that what was exchanged has its entries.
absl::Status CheckState(FsckDatabase& database, FsckReport& report);

}  // namespace derwent::ledger
