#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agents/sdk/channel/gossip.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// The newest checkpoint that this agent verified, told to the broker with every call; and those that the broker told,
// and those that its witness doubts, kept until Evidence judged them. Thread-safe.
class ToldCheckpoints final : public Gossip {
 public:
  // Of notes waiting to be judged; more are not taken until some were.
  static constexpr size_t kMostHeard = 16;

  std::string Newest() const override {
    const MutexLock lock(mutex_);
    return newest_;
  }
  void Heard(const std::string& note) override {
    const MutexLock lock(mutex_);
    if (note.empty() || note == judged_ || heard_.size() >= kMostHeard) return;
    if (std::find(heard_.begin(), heard_.end(), note) == heard_.end()) heard_.push_back(note);
  }
  void SetNewest(std::string note) {
    const MutexLock lock(mutex_);
    newest_ = std::move(note);
  }
  // What was heard and is not judged yet, oldest first.
  std::vector<std::string> Unjudged() const {
    const MutexLock lock(mutex_);
    return heard_;
  }
  // The note was held against what the agent saw: it is not judged again.
  void SetJudged(const std::string& note) {
    const MutexLock lock(mutex_);
    std::erase(heard_, note);
    judged_ = note;
  }

 private:
  mutable Mutex mutex_;
  std::string newest_ GUARDED_BY(mutex_);
  std::vector<std::string> heard_ GUARDED_BY(mutex_);
  std::string judged_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
