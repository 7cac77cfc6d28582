#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/context/config.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// How much one person may ask of the local service, so that nobody, and no script in somebody's name, takes it from the
// rest: calls at once, and dear ones a minute. The agency's own systems are bounded by the server alone. Thread-safe.
class CallQuota {
 public:
  explicit CallQuota(const LocalLimits& limits) : limits_(limits) {}

  // Begins a call of `person`; true: it was within bounds, and must be ended. Ends it.
  bool Begin(const std::string& person);
  void End(const std::string& person);
  // Takes one dear call at `now`, at most as many at once as in a minute.
  bool TakeDear(const std::string& person, absl::Time now);

 private:
  struct Person {
    int calls = 0;
    double dear = 0;  // That may be made now, as of `time`.
    absl::Time time = absl::InfinitePast();
  };
  // Forgets who could ask as much as anybody who never asked.
  void Forget(absl::Time now) DERWENT_REQUIRES(mutex_);
  double Refilled(const Person& person, absl::Time now) const;

  const LocalLimits limits_;
  Mutex mutex_;
  std::map<std::string, Person> persons_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
