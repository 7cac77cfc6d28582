#pragma once

#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "trust/base/mutex.h"

namespace derwent::rpc {

// Collect calls that wait for something to come. A commit that puts something into an agency's mailbox wakes its
// waiters; a ticker ends those whose time is over or whose caller may no longer call. Thread-safe; 10,000 waiters at
// most.
class MailboxWaits {
 public:
  struct Waiter {
    exchange::Caller caller;
    absl::Time deadline;
    std::function<void()> retry;                   // Something may be there: collect again.
    std::function<void(const absl::Status&)> end;  // OK: time is over, answer empty.
    std::function<bool()> cancelled;
  };
  // `seen`: the agency's wake count when the caller looked and found nothing. False: something came since, look again.
  bool Park(Waiter waiter, uint64_t seen);
  uint64_t Wakes(const std::string& agency);
  void Wake(const std::set<std::string>& agencies);
  // Whoever waits.
  void WakeAll();
  // `good` says whether a caller may still call.
  void Tick(absl::Time now, const std::function<absl::Status(const exchange::Caller&)>& good);
  // Ends all, and whoever parks later: nobody ticks any more.
  void Stop(const absl::Status& why);

 private:
  Mutex mutex_;
  std::list<Waiter> waiters_ GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> wakes_ GUARDED_BY(mutex_);
  absl::Status stopped_ GUARDED_BY(mutex_);  // Not OK once stopped.
};

}  // namespace derwent::rpc
