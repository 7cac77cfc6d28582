#pragma once

#include <chrono>

#include "absl/time/time.h"

#include "trust/base/mutex.h"

namespace derwent::agents {

// Wakes one thread that waits for work. A ring while nobody waits is heard at the next wait. Thread-safe.
class Doorbell {
 public:
  void Ring() {
    const MutexLock lock(mutex_);
    rung_ = true;
    changed_.NotifyAll();
  }
  // Waits for `time` at most.
  void WaitFor(absl::Duration time) {
    const MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(time);
    while (!rung_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      changed_.WaitFor(mutex_, left);
    }
    rung_ = false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool rung_ GUARDED_BY(mutex_) = false;
};

}  // namespace derwent::agents
