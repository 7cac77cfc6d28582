#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "agents/connectors/sql/database.h"

namespace derwent::connectors {

// A SQLite file, opened read-only and query-only, under an authorizer that lets nothing but reading be prepared. It
// stays open between readings, without a lock, so that SQLite says whether another connection wrote; a file that took
// its place is opened afresh. A file in WAL mode needs a folder where the agent may write, or its system running.
class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(SqlView view) : view_(std::move(view)) {}

  absl::StatusOr<std::string> Version() override;
  absl::StatusOr<Table> Read() override;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  // Opens the file unless the one that is open still stands at the path; starts the time of one query.
  absl::Status Open();
  absl::Status OpenAt(uint64_t device, uint64_t inode);
  absl::StatusOr<int64_t> DataVersion();
  absl::StatusOr<Statement> Prepare();
  absl::StatusOr<Table> Rows();
  absl::Status Failed(int rc) const;
  // After an error the file is opened afresh.
  template <typename Result>
  Result Kept(Result result) {
    if (!result.ok()) database_.reset();
    return result;
  }

  const SqlView view_;
  std::unique_ptr<sqlite3, Close> database_;
  int64_t opened_ = 0;  // How often: versions of one connection say nothing about those of another.
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
  std::chrono::steady_clock::time_point deadline_;  // SQLite itself asks whether it has passed.
};

}  // namespace derwent::connectors
