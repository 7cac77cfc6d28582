#include "agents/witness/witness_state.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kSchema[] = R"sql(
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS view(
  origin BLOB PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fork(
  origin BLOB NOT NULL, digest BLOB NOT NULL, time_ms INTEGER NOT NULL, seen BLOB NOT NULL, offered BLOB NOT NULL,
  PRIMARY KEY(origin, digest)) STRICT;
CREATE TABLE IF NOT EXISTS doubt(digest BLOB PRIMARY KEY, time_ms INTEGER NOT NULL, note BLOB NOT NULL) STRICT;
)sql";

absl::Status StatusOf(int rc) {
  const std::string message = absl::StrCat("witness state: ", sqlite3_errstr(rc));
  const int code = rc & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? absl::DataLossError(message)
                                                         : absl::UnavailableError(message);
}

// A statement for one use; what is bound is borrowed.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) { rc_ = sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& Bind(int position, absl::string_view octets) {
    if (rc_ == SQLITE_OK)
      rc_ =
          sqlite3_bind_blob64(statement_, position, octets.empty() ? "" : octets.data(), octets.size(), SQLITE_STATIC);
    return *this;
  }
  Statement& Bind(int position, int64_t number) {
    if (rc_ == SQLITE_OK) rc_ = sqlite3_bind_int64(statement_, position, number);
    return *this;
  }
  // True when there is a row.
  absl::StatusOr<bool> Next() {
    if (rc_ != SQLITE_OK) return StatusOf(rc_);
    const int rc = sqlite3_step(statement_);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) return rc == SQLITE_ROW;
    return StatusOf(rc);
  }
  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Octets(int column) const {
    const void* const octets = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return octets == nullptr ? std::string() : std::string(static_cast<const char*>(octets), static_cast<size_t>(size));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int rc_ = SQLITE_OK;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessState>> WitnessState::Open(const std::string& path) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int rc = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<WitnessState> state(new WitnessState(database));
  if (rc != SQLITE_OK) return StatusOf(rc);
  const int made = sqlite3_exec(database, kSchema, nullptr, nullptr, nullptr);
  if (made != SQLITE_OK) return StatusOf(made);
  return state;
}

WitnessState::~WitnessState() { sqlite3_close_v2(database_); }

absl::StatusOr<std::optional<WitnessView>> WitnessState::Find(absl::string_view origin) {
  Statement query(database_, "SELECT size, root, note FROM view WHERE origin = ?");
  ASSIGN_OR_RETURN(const bool found, query.Bind(1, origin).Next());
  if (!found) return std::nullopt;
  ASSIGN_OR_RETURN(const Sha256Digest root, Sha256Digest::FromBytes(query.Octets(1)));
  return WitnessView{.size = static_cast<uint64_t>(query.Int(0)), .root = root, .note = query.Octets(2)};
}

absl::Status WitnessState::Advance(absl::string_view origin, uint64_t old_size, const WitnessView& view) {
  // One statement, so one transaction: what was read before is checked again where it is written.
  Statement change(database_,
                   "INSERT INTO view(origin, size, root, note) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (origin) DO UPDATE"
                   " SET size = excluded.size, root = excluded.root, note = excluded.note WHERE size = ?5");
  change.Bind(1, origin)
      .Bind(2, static_cast<int64_t>(view.size))
      .Bind(3, view.root.view())
      .Bind(4, view.note)
      .Bind(5, static_cast<int64_t>(old_size));
  RETURN_IF_ERROR(change.Next().status());
  return sqlite3_changes(database_) == 1 ? absl::OkStatus() : absl::AbortedError("witness state: the log moved on");
}

absl::StatusOr<bool> WitnessState::KeepFork(const Fork& fork, const Sha256Digest& digest, absl::Time time) {
  Statement keep(database_,
                 "INSERT OR IGNORE INTO fork(origin, digest, time_ms, seen, offered)"
                 " SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM fork) < 100");
  keep.Bind(1, fork.origin).Bind(2, digest.view()).Bind(3, absl::ToUnixMillis(time));
  keep.Bind(4, fork.seen).Bind(5, fork.offered);
  RETURN_IF_ERROR(keep.Next().status());
  return sqlite3_changes(database_) == 1;
}

absl::StatusOr<std::vector<Fork>> WitnessState::Forks() {
  Statement query(database_, "SELECT origin, seen, offered FROM fork ORDER BY time_ms, digest");
  std::vector<Fork> forks;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return forks;
    forks.push_back({.origin = query.Octets(0), .seen = query.Octets(1), .offered = query.Octets(2)});
  }
}

absl::StatusOr<bool> WitnessState::KeepDoubt(absl::string_view note, const Sha256Digest& digest, absl::Time time) {
  Statement keep(database_, "INSERT OR IGNORE INTO doubt(digest, time_ms, note) VALUES (?, ?, ?)");
  keep.Bind(1, digest.view()).Bind(2, absl::ToUnixMillis(time)).Bind(3, note);
  RETURN_IF_ERROR(keep.Next().status());
  if (sqlite3_changes(database_) != 1) return false;
  Statement forget(database_,
                   "DELETE FROM doubt WHERE rowid NOT IN"
                   " (SELECT rowid FROM doubt ORDER BY time_ms DESC, rowid DESC LIMIT 16)");
  RETURN_IF_ERROR(forget.Next().status());
  return true;
}

absl::StatusOr<std::vector<std::string>> WitnessState::Doubts() {
  Statement query(database_, "SELECT note FROM doubt ORDER BY time_ms, rowid");
  std::vector<std::string> notes;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return notes;
    notes.push_back(query.Octets(0));
  }
}

absl::StatusOr<int64_t> WitnessState::CountEvidence() {
  Statement query(database_, "SELECT count(*) FROM fork");
  RETURN_IF_ERROR(query.Next().status());
  return query.Int(0);
}

}  // namespace derwent::agents
