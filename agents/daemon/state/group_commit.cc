#include "agents/daemon/state/group_commit.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

absl::Status RunOne(absl::FunctionRef<absl::Status(Sql&)> change, Sql& sql) {
  RETURN_IF_ERROR(sql.Execute("SAVEPOINT one"));
  const absl::Status changed = change(sql);
  if (!changed.ok()) RETURN_IF_ERROR(sql.Execute("ROLLBACK TO one"));
  RETURN_IF_ERROR(sql.Execute("RELEASE one"));
  return changed;
}

}  // namespace

absl::Status GroupCommit::Run(absl::FunctionRef<absl::Status(Sql&)> change) {
  Waiting own{.change = change};
  std::vector<Waiting*> batch;
  {
    const MutexLock lock(mutex_);
    waiting_.push_back(&own);
    while (!own.done && committing_) changed_.Wait(mutex_);
    if (own.done) return own.result;
    committing_ = true;
    batch.swap(waiting_);  // Invariant: it holds `own`, for only who commits takes what waits.
  }
  Commit(batch);
  const MutexLock lock(mutex_);
  for (Waiting* one : batch) one->done = true;
  committing_ = false;
  changed_.NotifyAll();
  return own.result;
}

void GroupCommit::Commit(const std::vector<Waiting*>& batch) {
  const MutexLock lock(database_);
  Sql::Transaction transaction(sql_);
  for (Waiting* one : batch) one->result = transaction.begun().ok() ? RunOne(one->change, sql_) : transaction.begun();
  const absl::Status committed = transaction.Commit();
  for (Waiting* one : batch) {
    if (one->result.ok()) one->result = committed;
  }
}

}  // namespace derwent::agents
