#pragma once

#include <string>

#include "absl/status/status.h"

namespace derwent::store {

// Copies a database, also one that a broker has open, to a new file (mode 0600): all that is committed now, in one
// piece. Copying the file alone would miss what still lies in `-wal`. Safe beside a writer. Errors: kNotFound no such
// database; kAlreadyExists `to` is there; kUnavailable not readable or writable now; kDataLoss not sound.
absl::Status BackUpSqlite(const std::string& from, const std::string& to);

}  // namespace derwent::store
