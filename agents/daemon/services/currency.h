#pragma once

#include <chrono>
#include <thread>

#include "agents/daemon/context/anchor_reader.h"
#include "agents/daemon/evidence/upkeep.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// What a call is judged by is as it was half a second ago at most (P09): the CRL's file is looked at, and the broker is
// asked whether the directories are others. It is asked only while somebody calls, for all who call at once together.
// Where it does not answer in time, what was known last stands. Thread-safe.
class Currency {
 public:
  // Borrows both.
  Currency(AnchorReader& anchors, Upkeep& upkeep);
  ~Currency();
  Currency(const Currency&) = delete;
  Currency& operator=(const Currency&) = delete;

  // Returns once it is so; waits half a second at most.
  void Ensure();

 private:
  using Steady = std::chrono::steady_clock;
  void Run();

  AnchorReader& anchors_;
  Upkeep& upkeep_;
  Mutex mutex_;
  CondVar changed_;
  bool wanted_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  Steady::time_point asked_ GUARDED_BY(mutex_);  // When the broker was asked last, and has answered or not been there.
  std::thread thread_;
};

}  // namespace derwent::agents
