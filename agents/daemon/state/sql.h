#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent::agents {

// One SQLite file of the agent: WAL, synchronous=FULL. Not thread-safe: its owner locks.
class Sql {
 public:
  static absl::StatusOr<std::unique_ptr<Sql>> Open(const std::string& path);
  ~Sql();
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;

  // A statement in use; kept prepared for the next use of the same text when its scope ends.
  class Statement {
   public:
    Statement(Sql& sql, absl::string_view text);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Text and octets alike are bound as BLOB-safe text; both are borrowed for the statement's life.
    template <typename... Values>
    Statement& Bind(const Values&... values) {
      int position = 0;  // NOLINT(misc-const-correctness): it does not see the fold expression count it up.
      (BindOne(++position, values), ...);
      return *this;
    }
    // True when there is a row. Errors: kUnavailable full, busy or unreadable; kDataLoss broken.
    absl::StatusOr<bool> Next();
    // Runs to the end.
    absl::Status Run();
    // What `read` makes of each row, in order. Errors: as Next.
    template <typename Read>
    auto All(Read read) -> absl::StatusOr<std::vector<std::invoke_result_t<Read, const Statement&>>> {
      std::vector<std::invoke_result_t<Read, const Statement&>> rows;
      for (;;) {
        const absl::StatusOr<bool> more = Next();
        if (!more.ok()) return more.status();
        if (!*more) return rows;
        rows.push_back(read(static_cast<const Statement&>(*this)));
      }
    }
    // What `read` makes of the first row; nullopt: there is none. Errors: as Next.
    template <typename Read>
    auto First(Read read) -> absl::StatusOr<std::optional<std::invoke_result_t<Read, const Statement&>>> {
      std::optional<std::invoke_result_t<Read, const Statement&>> row;
      const absl::StatusOr<bool> found = Next();
      if (!found.ok()) return found.status();
      if (*found) row = read(static_cast<const Statement&>(*this));
      return row;
    }

    std::string Text(int column) const;
    int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }

   private:
    void BindOne(int position, absl::string_view text);
    void BindOne(int position, const std::string& text) { BindOne(position, absl::string_view(text)); }
    void BindOne(int position, int64_t number);
    void BindOne(int position, uint32_t number) { BindOne(position, static_cast<int64_t>(number)); }
    Sql& sql_;
    std::string text_;
    sqlite3_stmt* statement_ = nullptr;
    int rc_ = SQLITE_OK;
  };

  absl::Status Execute(const std::string& sql);
  // Rows that the statement before changed.
  int changes() const { return sqlite3_changes(database_); }

  // BEGIN IMMEDIATE until Commit; rolled back when it goes out of scope before.
  class Transaction {
   public:
    explicit Transaction(Sql& sql) : sql_(sql), begun_(sql.Execute("BEGIN IMMEDIATE")) {}
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    const absl::Status& begun() const { return begun_; }
    // Durable on OK.
    absl::Status Commit();

   private:
    Sql& sql_;
    absl::Status begun_;
    bool done_ = false;
  };

 private:
  explicit Sql(sqlite3* database) : database_(database) {}
  sqlite3* database_;
  // Prepared and not in use, by text. Texts are the program's own: few, and never made of values.
  absl::flat_hash_map<std::string, sqlite3_stmt*> prepared_;
};

}  // namespace derwent::agents
