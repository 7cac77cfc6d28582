#include "agents/daemon/services/call_quota.h"

#include <algorithm>

namespace derwent::agents {
namespace {

// From how many on it is looked for those to be forgotten: an agency's people are fewer.
constexpr size_t kManyPersons = 1000;

}  // namespace

bool CallQuota::Begin(const std::string& person) {
  const MutexLock lock(mutex_);
  int& calls = persons_[person].calls;
  if (calls >= limits_.calls_at_once) return false;
  ++calls;
  return true;
}

void CallQuota::End(const std::string& person) {
  const MutexLock lock(mutex_);
  --persons_[person].calls;
}

double CallQuota::Refilled(const Person& person, absl::Time now) const {
  const double most = limits_.dear_calls_a_minute;
  if (person.time == absl::InfinitePast()) return most;
  const double minutes = std::max(0.0, absl::ToDoubleMinutes(now - person.time));
  return std::min(most, person.dear + minutes * most);
}

bool CallQuota::TakeDear(const std::string& person, absl::Time now) {
  const MutexLock lock(mutex_);
  if (persons_.size() >= kManyPersons) Forget(now);
  Person& taken = persons_[person];
  taken.dear = Refilled(taken, now);
  taken.time = now;
  if (taken.dear < 1) return false;
  taken.dear -= 1;
  return true;
}

void CallQuota::Forget(absl::Time now) {
  std::erase_if(persons_, [&](const auto& one) {
    return one.second.calls == 0 && Refilled(one.second, now) >= limits_.dear_calls_a_minute;
  });
}

}  // namespace derwent::agents
