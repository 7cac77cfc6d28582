#include "broker/store/sqlite/connection.h"

#include "absl/strings/str_cat.h"

#include "broker/store/sqlite/log_writes.h"
#include "broker/store/sqlite/row_check.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

// Page size: random keys (share ids, tags) dirty one page each; see the decision in ../README.md.
constexpr char kCommonPragmas[] =
    "PRAGMA page_size=4096;"
    "PRAGMA journal_mode=WAL;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA cell_size_check=ON;"
    "PRAGMA trusted_schema=OFF;"
    "PRAGMA recursive_triggers=OFF;";
// The store trims the log of changes itself, to see a failed sync (sqlite_store.cc).
constexpr char kWriterPragmas[] =
    "PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=0;";
constexpr char kReaderPragmas[] =
    "PRAGMA query_only=ON;"
    "PRAGMA cache_size=-8192;";

}  // namespace

absl::Status SqliteStatus(sqlite3* database, int rc, absl::string_view doing) {
  const std::string message = absl::StrCat("store: ", doing, ": ", sqlite3_errstr(rc));
  if (rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_ROWID) {
    return absl::AlreadyExistsError(message);
  }
  if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) return absl::DataLossError(message);
  switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return absl::InvalidArgumentError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_ABORT:
    case SQLITE_INTERRUPT:
      return absl::UnavailableError(message);
    default:
      // The text names tables and columns of ours only, never a value.
      return absl::InternalError(absl::StrCat(message, ": ", database == nullptr ? "" : sqlite3_errmsg(database)));
  }
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

absl::StatusOr<bool> Query::Next() {
  if (rc_ != SQLITE_OK) return SqliteStatus(database_, rc_, "prepare");
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return SqliteStatus(database_, rc, "step");
}

std::string Query::Text(int column) const {
  const void* const octets = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return octets == nullptr ? std::string() : std::string(static_cast<const char*>(octets), static_cast<size_t>(size));
}

std::optional<absl::Time> Query::OptionalTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

absl::StatusOr<Sha256Digest> Query::Digest(int column) const {
  absl::StatusOr<Sha256Digest> digest = Sha256Digest::FromBytes(Text(column));
  if (!digest.ok()) return absl::DataLossError("store: a stored digest has not 32 octets");
  return digest;
}

void Query::Bind(int position, absl::string_view text) {
  // A null pointer would bind NULL.
  Keep(sqlite3_bind_text64(statement_, position, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
}

void Query::Bind(int position, Octets octets) {
  Keep(sqlite3_bind_blob64(statement_, position, octets.bytes.empty() ? "" : octets.bytes.data(), octets.bytes.size(),
                           SQLITE_STATIC));
}

void Query::Bind(int position, const std::optional<absl::Time>& time) {
  if (time.has_value()) {
    Bind(position, *time);
  } else {
    Keep(sqlite3_bind_null(statement_, position));
  }
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, const std::string& vfs,
                                                             Role role) {
  sqlite3* database = nullptr;
  std::string disk = vfs;
  if (role == Role::kWriter) {
    ASSIGN_OR_RETURN(disk, LogWritesOver(vfs));
  }
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int rc = sqlite3_open_v2(path.c_str(), &database, flags, disk.empty() ? nullptr : disk.c_str());
  std::unique_ptr<Connection> connection(new Connection(database));
  if (rc != SQLITE_OK) return SqliteStatus(database, rc, "open");
  sqlite3_busy_timeout(database, kBusyMillis);
  if (const int registered = RegisterRowCheck(database); registered != SQLITE_OK) {
    return SqliteStatus(database, registered, "open");
  }
  RETURN_IF_ERROR(connection->Execute(kCommonPragmas));
  RETURN_IF_ERROR(connection->Execute(role == Role::kWriter ? kWriterPragmas : kReaderPragmas));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

absl::Status Connection::Execute(const std::string& sql) {
  const int rc = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return rc == SQLITE_OK ? absl::OkStatus() : SqliteStatus(database_, rc, "execute");
}

sqlite3_stmt* Connection::Prepare(const char* sql, int& rc) {
  if (transaction_required_ && sqlite3_get_autocommit(database_) != 0) {
    rc = SQLITE_ABORT_ROLLBACK;
    return nullptr;
  }
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  rc = sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (rc == SQLITE_OK) statements_.emplace(sql, statement);
  return statement;
}

}  // namespace derwent::store
