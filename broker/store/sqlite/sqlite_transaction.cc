#include "broker/store/sqlite/sqlite_transaction.h"

#include "trust/base/status_macros.h"

namespace derwent::store {

SqliteTransaction::SqliteTransaction(Connection& connection, std::function<void(End)> ended)
    : SqliteReads(connection), ended_(std::move(ended)) {
  connection.RequireTransaction(true);
}

SqliteTransaction::~SqliteTransaction() {
  if (open_) Abandon();
}

void SqliteTransaction::Abandon() {
  open_ = false;
  // After some failures SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(connection().database()) == 0) {
    const absl::Status rolled_back = connection().Run("ROLLBACK");
    static_cast<void>(rolled_back);  // A failed one leaves the connection in its transaction, and the next Begin fails.
  }
  Ended({.erased = false});
}

void SqliteTransaction::Ended(End end) {
  connection().RequireTransaction(false);
  ended_(end);
}

// Savepoints of one name nest in SQLite: each statement means the newest.
absl::Status SqliteTransaction::Savepoint() {
  RETURN_IF_ERROR(connection().Run("SAVEPOINT command"));
  ++savepoints_;
  return absl::OkStatus();
}

absl::Status SqliteTransaction::Release() {
  if (savepoints_ == 0) return absl::FailedPreconditionError("store: no savepoint is open");
  RETURN_IF_ERROR(connection().Run("RELEASE command"));
  --savepoints_;
  return absl::OkStatus();
}

absl::Status SqliteTransaction::RollbackTo() {
  if (savepoints_ == 0) return absl::FailedPreconditionError("store: no savepoint is open");
  RETURN_IF_ERROR(connection().Run("ROLLBACK TO command"));
  return Release();
}

absl::Status SqliteTransaction::Commit() {
  if (!open_) return absl::FailedPreconditionError("store: the transaction is over");
  // A failed write can make SQLite roll the whole transaction back by itself; a COMMIT then would "succeed" with
  // nothing.
  if (sqlite3_get_autocommit(connection().database()) != 0) {
    Abandon();
    return absl::UnavailableError("store: the transaction was rolled back by a failed write");
  }
  if (savepoints_ != 0) return absl::FailedPreconditionError("store: a savepoint is still open");
  absl::Status committed = connection().Run("COMMIT");
  const int rc = sqlite3_extended_errcode(connection().database());
  if (committed.ok()) {
    open_ = false;
    Ended({.erased = erased_});
    return absl::OkStatus();
  }
  Abandon();
  if (absl::IsDataLoss(committed)) return committed;
  // Full or busy: no commit frame was written. Any other error may have come after it.
  if ((rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_BUSY) return absl::UnavailableError(committed.message());
  return absl::UnknownError(committed.message());
}

}  // namespace derwent::store
