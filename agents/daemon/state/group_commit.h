#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "agents/daemon/state/sql.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// Makes changes of many threads to one SQLite file durable together: whatever waits when a commit ends is the next one,
// so that those who come at once pay for one sync. Thread-safe.
class GroupCommit {
 public:
  // Borrows both. `database` is held while `sql` is used; who reads holds it too, and so sees whole commits only.
  GroupCommit(Mutex& database, Sql& sql) : database_(database), sql_(sql) {}

  // Runs `change`, alone on the file, and returns once it is durable. An error of its own undoes it and nothing else.
  // Errors: of `change`; of the commit, which then changed nothing (sql.h).
  absl::Status Run(absl::FunctionRef<absl::Status(Sql&)> change);

 private:
  struct Waiting {
    absl::FunctionRef<absl::Status(Sql&)> change;
    absl::Status result;
    bool done = false;
  };
  void Commit(const std::vector<Waiting*>& batch);

  Mutex& database_;
  Sql& sql_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<Waiting*> waiting_ GUARDED_BY(mutex_);
  bool committing_ GUARDED_BY(mutex_) = false;
};

}  // namespace derwent::agents
