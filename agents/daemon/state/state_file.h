#pragma once

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/daemon/state/group_commit.h"
#include "agents/daemon/state/sql.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// The agent's one SQLite file: changes that meet share one sync, and who reads never waits for one. Thread-safe.
class StateFile {
 public:
  // Makes what is missing of the tables of `schema`.
  static absl::StatusOr<std::unique_ptr<StateFile>> Open(const std::string& path, absl::string_view schema);

  // Runs `change` as one transaction, and returns once it is durable. Errors: of `change`, which then changed nothing;
  // of the commit (sql.h), likewise.
  absl::Status Change(absl::FunctionRef<absl::Status(Sql&)> change) { return commits_.Run(change); }

  // Reads for a scope, alone, what was durable when each statement began. No change from within it.
  class Reading {
   public:
    explicit Reading(StateFile& file) : lock_(file.reading_), sql_(*file.reader_) {}
    Sql& sql() const { return sql_; }

   private:
    const MutexLock lock_;
    Sql& sql_;
  };

  // Copies SQLite's log of changes into the file and cuts it to nothing: what was overwritten is gone from both.
  absl::Status EmptyLog();

 private:
  StateFile(std::unique_ptr<Sql> writer, std::unique_ptr<Sql> reader)
      : writer_(std::move(writer)), reader_(std::move(reader)), commits_(writing_, *writer_) {}

  Mutex writing_;
  const std::unique_ptr<Sql> writer_;  // Whose is `writing_`.
  Mutex reading_;
  const std::unique_ptr<Sql> reader_;  // Whose is `reading_`.
  GroupCommit commits_;
};

}  // namespace derwent::agents
