#pragma once

#include <sqlite3.h>

#include <string>

#include "absl/status/status.h"

#include "broker/store/sqlite/connection.h"

namespace derwent::store {

// "Drwt": marks the file as ours (PRAGMA application_id).
inline constexpr int kApplicationId = 0x44727774;
inline constexpr int kSchemaVersion = 7;

// Makes the tables in an empty database, or checks that they are ours and of this version.
// Errors: kInvalidArgument another program's file, a newer or older schema; SqliteStatus.
absl::Status PrepareSchema(Connection& connection);

}  // namespace derwent::store
