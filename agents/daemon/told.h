#pragma once

#include <string>
#include <utility>

#include "agents/sdk/channel/gossip.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// The newest checkpoint that this agent verified, told to the broker with every call; and the last that the broker
// told, to be judged by Evidence. Thread-safe.
class ToldCheckpoints final : public Gossip {
 public:
  std::string Newest() const override {
    const MutexLock lock(mutex_);
    return newest_;
  }
  void Heard(const std::string& note) override {
    const MutexLock lock(mutex_);
    if (note == judged_) return;
    heard_ = note;
  }
  void SetNewest(std::string note) {
    const MutexLock lock(mutex_);
    newest_ = std::move(note);
  }
  // What was heard and is not judged yet; empty: nothing.
  std::string TakeHeard() {
    const MutexLock lock(mutex_);
    if (!heard_.empty()) judged_ = heard_;
    return std::exchange(heard_, "");
  }

 private:
  mutable Mutex mutex_;
  std::string newest_ GUARDED_BY(mutex_);
  std::string heard_ GUARDED_BY(mutex_);
  std::string judged_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
