#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/base/digest.h"

namespace derwent::store {

// Marks octets that are bound as a BLOB; plain text is bound as TEXT. Borrows.
struct Octets {
  absl::string_view bytes;
};
inline Octets AsOctets(absl::string_view bytes) { return {bytes}; }

// A prepared statement in use: bound, stepped, and handed back to its connection's cache when it goes out of scope.
// What is bound is borrowed until then. Not thread-safe.
class Query {
 public:
  Query(sqlite3* database, sqlite3_stmt* statement, int prepared)
      : database_(database), statement_(statement), rc_(prepared) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  template <typename... Values>
  void BindAll(const Values&... values) {
    int position = 0;
    (Bind(++position, values), ...);
  }

  // True when there is a row. Errors: see SqliteStatus.
  absl::StatusOr<bool> Next();

  // Columns of the row, from 0. Copies.
  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Int(column)); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string Text(int column) const;
  absl::Time Time(int column) const { return absl::FromUnixMillis(Int(column)); }
  std::optional<absl::Time> OptionalTime(int column) const;
  // Error: kDataLoss unless the column holds 32 octets.
  absl::StatusOr<Sha256Digest> Digest(int column) const;

 private:
  void Keep(int rc) {
    if (rc_ == SQLITE_OK) rc_ = rc;
  }
  void Bind(int position, absl::string_view text);
  void Bind(int position, Octets octets);
  void Bind(int position, const Sha256Digest& digest) { Bind(position, AsOctets(digest.view())); }
  void Bind(int position, absl::Time time) { Keep(sqlite3_bind_int64(statement_, position, absl::ToUnixMillis(time))); }
  void Bind(int position, const std::optional<absl::Time>& time);
  template <typename Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
  void Bind(int position, Integer value) {
    Keep(sqlite3_bind_int64(statement_, position, static_cast<int64_t>(value)));
  }

  sqlite3* database_;
  sqlite3_stmt* statement_;
  int rc_;
};

// kAlreadyExists key taken · kInvalidArgument another constraint · kUnavailable full, busy, unreadable ·
// kDataLoss sync failed or the file is not sound · kInternal our SQL is wrong.
absl::Status SqliteStatus(sqlite3* database, int rc, absl::string_view doing);

// One connection with its cache of prepared statements. Not thread-safe.
class Connection {
 public:
  enum class Role { kWriter, kReader };
  static constexpr int kBusyMillis = 2000;
  // Opens the file, which must exist, and sets every pragma. Errors: SqliteStatus.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, const std::string& vfs, Role role);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Runs SQL text that returns nothing; may be several statements.
  absl::Status Execute(const std::string& sql);

  // `sql` must be a literal: statements are cached by its address.
  template <typename... Values>
  absl::Status Run(const char* sql, const Values&... values) {
    return RunQuery(sql, values...);
  }
  // As Run, and kNotFound when no row was changed.
  template <typename... Values>
  absl::Status RunOne(const char* sql, const Values&... values) {
    if (absl::Status status = RunQuery(sql, values...); !status.ok()) return status;
    return sqlite3_changes(database_) > 0 ? absl::OkStatus() : absl::NotFoundError("no such row in the store");
  }
  template <typename... Values>
  std::unique_ptr<Query> Select(const char* sql, const Values&... values) {
    int rc = SQLITE_OK;
    sqlite3_stmt* const statement = Prepare(sql, rc);
    auto query = std::make_unique<Query>(database_, statement, rc);
    if (rc == SQLITE_OK) query->BindAll(values...);
    return query;
  }

  // Until it is not required any more, a statement that would run outside of a transaction is refused. After some
  // failures SQLite rolls back by itself; what followed would be committed statement by statement.
  void RequireTransaction(bool required) { transaction_required_ = required; }

  sqlite3* database() const { return database_; }

 private:
  explicit Connection(sqlite3* database) : database_(database) {}
  template <typename... Values>
  absl::Status RunQuery(const char* sql, const Values&... values) {
    int rc = SQLITE_OK;
    sqlite3_stmt* const statement = Prepare(sql, rc);
    Query query(database_, statement, rc);
    if (rc == SQLITE_OK) query.BindAll(values...);
    return query.Next().status();
  }
  sqlite3_stmt* Prepare(const char* sql, int& rc);

  sqlite3* database_;
  bool transaction_required_ = false;
  absl::flat_hash_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace derwent::store
