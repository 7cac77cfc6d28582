#include "broker/rpc/mailbox_waits.h"

#include <utility>

#include "broker/exchange/command/refusal.h"

namespace derwent::rpc {
namespace {

constexpr size_t kMostWaiters = 10000;

}  // namespace

uint64_t MailboxWaits::Wakes(const std::string& agency) {
  const MutexLock lock(mutex_);
  return wakes_[agency];
}

bool MailboxWaits::Park(Waiter waiter, uint64_t seen) {
  std::function<void(const absl::Status&)> refused;
  absl::Status why;
  {
    const MutexLock lock(mutex_);
    if (stopped_.ok() && wakes_[waiter.caller.agency()] != seen) return false;
    if (!stopped_.ok())
      why = stopped_;
    else if (waiters_.size() >= kMostWaiters)
      why = exchange::Refuse(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "too many collectors wait");
    if (why.ok())
      waiters_.push_back(std::move(waiter));
    else
      refused = std::move(waiter.end);
  }
  if (refused) refused(why);
  return true;
}

void MailboxWaits::Wake(const std::set<std::string>& agencies) {
  std::vector<std::function<void()>> retries;
  {
    const MutexLock lock(mutex_);
    for (const std::string& agency : agencies) ++wakes_[agency];
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
      if (!agencies.contains(waiter->caller.agency())) {
        ++waiter;
        continue;
      }
      retries.push_back(std::move(waiter->retry));
      waiter = waiters_.erase(waiter);
    }
  }
  for (const auto& retry : retries) retry();
}

void MailboxWaits::WakeAll() {
  std::list<Waiter> all;
  {
    const MutexLock lock(mutex_);
    for (auto& [agency, wakes] : wakes_) ++wakes;
    all.swap(waiters_);
  }
  for (const Waiter& waiter : all) waiter.retry();
}

void MailboxWaits::Tick(absl::Time now, const std::function<absl::Status(const exchange::Caller&)>& good) {
  std::vector<std::pair<Waiter, absl::Status>> over;
  {
    const MutexLock lock(mutex_);
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
      absl::Status status = good(waiter->caller);
      if (status.ok() && waiter->deadline > now && !waiter->cancelled()) {
        ++waiter;
        continue;
      }
      over.emplace_back(std::move(*waiter), std::move(status));
      waiter = waiters_.erase(waiter);
    }
  }
  for (const auto& [waiter, status] : over) waiter.end(status);
}

void MailboxWaits::Stop(const absl::Status& why) {
  std::list<Waiter> all;
  {
    const MutexLock lock(mutex_);
    stopped_ = why;
    all.swap(waiters_);
  }
  for (const Waiter& waiter : all) waiter.end(why);
}

}  // namespace derwent::rpc
