#include "broker/ledger/fsck_database.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {
namespace {

constexpr int64_t kOurApplication = 0x44727774;

void AppendNumber(std::string& octets, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(number >> shift));
}

// row_check as broker/store/README.md and row_check.h say: the first 8 octets of SHA-256 over type ‖ u64be length ‖
// octets of each value.
void RowCheck(sqlite3_context* context, int count, sqlite3_value** values) {
  std::string octets;
  for (int i = 0; i < count; ++i) {
    octets.push_back(static_cast<char>(sqlite3_value_type(values[i])));
    std::string value;
    if (sqlite3_value_type(values[i]) == SQLITE_INTEGER) {
      AppendNumber(value, static_cast<uint64_t>(sqlite3_value_int64(values[i])));
    } else if (const void* const bytes = sqlite3_value_blob(values[i]); bytes != nullptr) {
      value.assign(static_cast<const char*>(bytes), static_cast<size_t>(sqlite3_value_bytes(values[i])));
    }
    AppendNumber(octets, value.size());
    octets += value;
  }
  sqlite3_result_blob(context, trust::Sha256(octets).data(), 8, SQLITE_TRANSIENT);
}

absl::Status Damaged(sqlite3* database) {
  return absl::DataLossError(
      absl::StrCat("the database file is damaged: ", sqlite3_errstr(sqlite3_extended_errcode(database))));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FsckDatabase>> FsckDatabase::Open(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return absl::NotFoundError("no such database file");
  sqlite3* handle = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<FsckDatabase> database(new FsckDatabase(handle));
  if (rc != SQLITE_OK) return absl::NotFoundError("the database file cannot be opened");
  sqlite3_create_function_v2(handle, "row_check", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                             RowCheck, nullptr, nullptr, nullptr);
  // One snapshot for the whole check; also tells a file that is no database.
  if (sqlite3_exec(handle,
                   "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; BEGIN; SELECT count(*) FROM sqlite_schema",
                   nullptr, nullptr, nullptr) == SQLITE_NOTADB) {
    return absl::InvalidArgumentError("not a database file");
  }
  const absl::StatusOr<int64_t> application = database->Number("PRAGMA application_id");
  if (application.ok() && *application != kOurApplication)
    return absl::InvalidArgumentError("another program's database file");
  return database;
}

FsckDatabase::~FsckDatabase() { sqlite3_close_v2(database_); }

absl::StatusOr<bool> FsckDatabase::Rows::Next() {
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return Damaged(sqlite3_db_handle(statement_));
}

std::string FsckDatabase::Rows::Text(int column) const {
  const void* const octets = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return octets == nullptr ? std::string() : std::string(static_cast<const char*>(octets), static_cast<size_t>(size));
}

absl::StatusOr<std::unique_ptr<FsckDatabase::Rows>> FsckDatabase::Read(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) {
    return absl::DataLossError(
        absl::StrCat("the database's tables are not what they should be: ", sqlite3_errmsg(database_)));
  }
  return std::make_unique<Rows>(statement);
}

absl::StatusOr<int64_t> FsckDatabase::Number(const char* sql) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Rows> rows, Read(sql));
  ASSIGN_OR_RETURN(const bool found, rows->Next());
  if (!found) return absl::DataLossError("the database file is damaged: a row is missing");
  return rows->Int(0);
}

}  // namespace derwent::ledger
