#include "agents/daemon/state/sql.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr int kBusyMillis = 5000;

// The text names our own tables only, never a value.
absl::Status StatusOf(sqlite3* database, int rc) {
  const std::string message =
      absl::StrCat("the agent's store: ", database == nullptr ? sqlite3_errstr(rc) : sqlite3_errmsg(database));
  switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(message);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return absl::InternalError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sql>> Sql::Open(const std::string& path) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int rc = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<Sql> sql(new Sql(database));
  if (rc != SQLITE_OK) return StatusOf(database, rc);
  sqlite3_busy_timeout(database, kBusyMillis);
  RETURN_IF_ERROR(sql->Execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;"));
  return sql;
}

Sql::~Sql() {
  for (const auto& [text, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

absl::Status Sql::Execute(const std::string& sql) {
  const int rc = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return rc == SQLITE_OK ? absl::OkStatus() : StatusOf(database_, rc);
}

Sql::Statement::Statement(Sql& sql, absl::string_view text) : sql_(sql), text_(text) {
  if (auto kept = sql_.prepared_.extract(text_); !kept.empty()) {
    statement_ = kept.mapped();
    return;
  }
  rc_ = sqlite3_prepare_v3(sql_.database_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement_, nullptr);
}

Sql::Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  // Another of the same text was in use beside this one and came back first.
  if (!sql_.prepared_.try_emplace(std::move(text_), statement_).second) sqlite3_finalize(statement_);
}

void Sql::Statement::BindOne(int position, absl::string_view text) {
  if (rc_ != SQLITE_OK) return;
  rc_ = sqlite3_bind_blob64(statement_, position, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC);
}

void Sql::Statement::BindOne(int position, int64_t number) {
  if (rc_ == SQLITE_OK) rc_ = sqlite3_bind_int64(statement_, position, number);
}

absl::StatusOr<bool> Sql::Statement::Next() {
  if (rc_ != SQLITE_OK) return StatusOf(sql_.database_, rc_);
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return StatusOf(sql_.database_, rc);
}

absl::Status Sql::Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool more, Next());
    if (!more) return absl::OkStatus();
  }
}

std::string Sql::Statement::Text(int column) const {
  const void* octets = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return octets == nullptr ? "" : std::string(static_cast<const char*>(octets), static_cast<size_t>(size));
}

Sql::Transaction::~Transaction() {
  if (begun_.ok() && !done_) static_cast<void>(sql_.Execute("ROLLBACK"));
}

absl::Status Sql::Transaction::Commit() {
  RETURN_IF_ERROR(begun_);
  RETURN_IF_ERROR(sql_.Execute("COMMIT"));
  done_ = true;
  return absl::OkStatus();
}

}  // namespace derwent::agents
