#include "agents/connectors/sql/sqlite.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/sql/bounded_table.h"
#include "trust/base/status_macros.h"

namespace derwent::connectors {
namespace {

constexpr absl::Duration kLongestWaitForALock = absl::Seconds(2);
constexpr int kStepsBetweenLooksAtTheClock = 10'000;

// Nothing but reading is prepared: no write, no attached file, no setting.
int OnlyReading(void*, int action, const char* first, const char* second, const char*, const char*) {
  const auto is = [](const char* text, absl::string_view word) { return text != nullptr && text == word; };
  const bool reads = action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ||
                     (action == SQLITE_FUNCTION && !is(second, "load_extension")) ||
                     (action == SQLITE_PRAGMA && is(first, "data_version") && second == nullptr);
  return reads ? SQLITE_OK : SQLITE_DENY;
}

}  // namespace

// Never the engine's text about a row: it may repeat a value.
absl::Status SqliteDatabase::Failed(int rc) const {
  switch (rc & 0xff) {
    case SQLITE_INTERRUPT:
      return absl::DeadlineExceededError(
          absl::StrCat("the query took longer than ", absl::FormatDuration(view_.timeout)));
    case SQLITE_TOOBIG:
      return absl::InvalidArgumentError("the query gives a value of more than 32 MiB");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError("the file is no sound SQLite database");
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
      return absl::FailedPreconditionError("the query fails on a row");
    case SQLITE_READONLY:
      return absl::UnavailableError("the file was left half written: its own system must open it first");
    default:
      return absl::UnavailableError(absl::StrCat("the file cannot be read: ", sqlite3_errstr(rc)));
  }
}

absl::Status SqliteDatabase::OpenAt(uint64_t device, uint64_t inode) {
  sqlite3* database = nullptr;
  const int rc = sqlite3_open_v2(view_.sqlite.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(database);
  if (rc != SQLITE_OK) return Failed(rc);
  device_ = device;
  inode_ = inode;
  ++opened_;
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, static_cast<int>(kMaxTableOctets));
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_busy_timeout(database,
                       static_cast<int>(absl::ToInt64Milliseconds(std::min(view_.timeout, kLongestWaitForALock))));
  if (const int set = sqlite3_exec(database, "PRAGMA query_only=ON", nullptr, nullptr, nullptr); set != SQLITE_OK)
    return Failed(set);
  sqlite3_set_authorizer(database, OnlyReading, nullptr);
  sqlite3_progress_handler(
      database, kStepsBetweenLooksAtTheClock,
      [](void* self) -> int {
        return std::chrono::steady_clock::now() > static_cast<SqliteDatabase*>(self)->deadline_ ? 1 : 0;
      },
      this);
  return absl::OkStatus();
}

absl::Status SqliteDatabase::Open() {
  deadline_ = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(view_.timeout);
  struct stat state {};
  if (stat(view_.sqlite.c_str(), &state) != 0) return absl::UnavailableError("the file is not there");
  if (database_ != nullptr && state.st_dev == device_ && state.st_ino == inode_) return absl::OkStatus();
  return OpenAt(state.st_dev, state.st_ino);
}

absl::StatusOr<int64_t> SqliteDatabase::DataVersion() {
  RETURN_IF_ERROR(Open());
  sqlite3_stmt* prepared = nullptr;
  int rc = sqlite3_prepare_v2(database_.get(), "PRAGMA data_version", -1, &prepared, nullptr);
  const Statement statement(prepared);
  if (rc == SQLITE_OK) rc = sqlite3_step(prepared);
  if (rc != SQLITE_ROW) return Failed(rc);
  return sqlite3_column_int64(prepared, 0);
}

absl::StatusOr<SqliteDatabase::Statement> SqliteDatabase::Prepare() {
  const char* rest = nullptr;
  sqlite3_stmt* prepared = nullptr;
  const int rc = sqlite3_prepare_v2(database_.get(), view_.query.c_str(), -1, &prepared, &rest);
  Statement statement(prepared);
  if (rc == SQLITE_AUTH) return absl::PermissionDeniedError("the query does more than read: SQLite refuses it");
  // This text is about the query alone: no row was read.
  if (rc == SQLITE_ERROR)
    return absl::FailedPreconditionError(absl::StrCat("the query: ", sqlite3_errmsg(database_.get())));
  if (rc != SQLITE_OK) return Failed(rc);
  sqlite3_stmt* second = nullptr;
  const int after = sqlite3_prepare_v2(database_.get(), rest, -1, &second, nullptr);
  const Statement another(second);
  if (after != SQLITE_OK || second != nullptr || prepared == nullptr || sqlite3_column_count(prepared) == 0)
    return absl::FailedPreconditionError("the query must be one SELECT");
  if (sqlite3_stmt_readonly(prepared) == 0) return absl::PermissionDeniedError("the query does more than read");
  return statement;
}

absl::StatusOr<Table> SqliteDatabase::Rows() {
  RETURN_IF_ERROR(Open());
  ASSIGN_OR_RETURN(const Statement statement, Prepare());
  const int width = sqlite3_column_count(statement.get());
  TableRow header;
  for (int i = 0; i < width; ++i) header.emplace_back(sqlite3_column_name(statement.get(), i));
  BoundedTable table;
  RETURN_IF_ERROR(table.Begin(std::move(header)));
  int rc = SQLITE_OK;
  while ((rc = sqlite3_step(statement.get())) == SQLITE_ROW) {
    TableRow row;
    for (int i = 0; i < width; ++i) {
      const unsigned char* text = sqlite3_column_text(statement.get(), i);
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement.get(), i));
      row.emplace_back(text == nullptr ? "" : std::string(reinterpret_cast<const char*>(text), size));
    }
    RETURN_IF_ERROR(table.Add(std::move(row)));
  }
  if (rc != SQLITE_DONE) return Failed(rc);
  return table.Take();
}

absl::StatusOr<std::string> SqliteDatabase::Version() {
  const absl::StatusOr<int64_t> version = Kept(DataVersion());
  if (!version.ok()) return version.status();
  return absl::StrCat(opened_, ".", *version);
}

absl::StatusOr<Table> SqliteDatabase::Read() { return Kept(Rows()); }

}  // namespace derwent::connectors
