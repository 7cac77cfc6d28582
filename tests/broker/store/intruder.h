#pragma once

#include <sqlite3.h>

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace derwent::store {

// Somebody with sqlite3 and the whole database, but not this program's check values: a row that it writes gets zeros.
// What it ran is there at the end of its scope. Opens the database when it first runs something: one that is open keeps
// another's log of changes from being emptied.
class Intruder {
 public:
  explicit Intruder(std::string path) : path_(std::move(path)) {}
  Intruder(const Intruder&) = delete;
  Intruder& operator=(const Intruder&) = delete;
  ~Intruder() {
    if (database_ == nullptr) return;
    Run("COMMIT");
    sqlite3_close(database_);
  }
  void Run(const std::string& sql) {
    if (database_ == nullptr) Open();
    char* error = nullptr;
    ASSERT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error << ": " << sql;
  }

 private:
  void Open() {
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database_), SQLITE_OK);
    sqlite3_create_function_v2(
        database_, "row_check", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
        [](sqlite3_context* context, int, sqlite3_value**) { sqlite3_result_zeroblob(context, 8); }, nullptr, nullptr,
        nullptr);
    Run("PRAGMA synchronous=OFF; BEGIN");
  }
  const std::string path_;
  sqlite3* database_ = nullptr;
};

}  // namespace derwent::store
