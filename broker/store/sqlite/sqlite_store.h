#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "broker/store/store.h"
#include "trust/base/clock.h"

namespace derwent::store {

struct SqliteOptions {
  // Database file; made with mode 0600 when absent. Beside it lie `-wal` and `-shm`.
  std::string path;
  // Readers at once; more fail with kResourceExhausted.
  size_t max_readers = 16;
  // Pages of the log of changes after which it is copied back into the database file.
  int trim_pages = 4096;
  // KiB of pages that the writer keeps: what a transaction changes beyond it is written before its commit.
  int cache_kib = 65536;
  // When to try again what a reader delayed; must outlive the store. nullptr: the machine's.
  const Clock* clock = nullptr;
  // Name of a registered SQLite VFS; empty: the system's. Tests inject faults through it.
  std::string vfs;
};

// Opens or makes the database: WAL, synchronous=FULL, secure_delete. Another process that has it open is refused.
// Errors: kInvalidArgument not ours or of a newer schema; kUnavailable locked or unreadable; kDataLoss not a sound
// database.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options);

}  // namespace derwent::store
