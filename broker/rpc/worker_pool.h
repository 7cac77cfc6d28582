#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "trust/base/mutex.h"

namespace derwent::rpc {

// A bounded pool of workers. gRPC's own threads must not block, so what parses, verifies or renders runs here, but for
// small requests (runner.h).
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t most_waiting);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when too much waits already: the caller refuses its call.
  bool Submit(std::function<void()> work);
  // As Submit, past the bound: for finishing a call that was admitted.
  void Finish(std::function<void()> work);
  // Runs what waits, then joins. Idempotent.
  void Drain();

 private:
  void Loop();
  const size_t most_waiting_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace derwent::rpc
