#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent::ledger {

// A read-only look into a database file for fsck: SQL of its own, nothing of the writer's. Not thread-safe.
// Errors of every call: kDataLoss with what is broken, in words.
class FsckDatabase {
 public:
  // Errors: kNotFound no such file; kInvalidArgument not a SQLite database or another program's.
  static absl::StatusOr<std::unique_ptr<FsckDatabase>> Open(const std::string& path);
  FsckDatabase(const FsckDatabase&) = delete;
  FsckDatabase& operator=(const FsckDatabase&) = delete;
  ~FsckDatabase();

  // A statement being read; `Next` is false after its last row.
  class Rows {
   public:
    explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows() { sqlite3_finalize(statement_); }
    absl::StatusOr<bool> Next();
    int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
    uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Int(column)); }
    std::string Text(int column) const;

   private:
    sqlite3_stmt* statement_;
  };
  absl::StatusOr<std::unique_ptr<Rows>> Read(const char* sql);
  // The only row's only column.
  absl::StatusOr<int64_t> Number(const char* sql);

 private:
  explicit FsckDatabase(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace derwent::ledger
