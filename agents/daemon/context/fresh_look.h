#pragma once

#include <string>
#include <utility>

#include "absl/time/time.h"

#include "agents/sdk/policy_cache.h"
#include "trust/base/london.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// Whether what waits must be decided afresh, though nothing about itself changed: the policy or an agreement is another
// than at the last look, or a day has begun, on which agreements begin and end. So after a start, too. Thread-safe.
class FreshLook {
 public:
  // True once for each change.
  bool IsDue(const PolicyCache& policy, absl::Time now) {
    std::string rests_on = policy.policy_digest() + policy.governance_digest() + absl::FormatCivilTime(LondonDay(now));
    const MutexLock lock(mutex_);
    return std::exchange(last_, rests_on) != rests_on;
  }
  // What was due could not be done: it is due again.
  void Miss() {
    const MutexLock lock(mutex_);
    last_.clear();
  }

 private:
  Mutex mutex_;
  std::string last_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
