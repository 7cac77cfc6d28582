#include "agents/daemon/services/currency.h"

#include "absl/status/status.h"

namespace derwent::agents {
namespace {

constexpr std::chrono::milliseconds kAge{400};
constexpr std::chrono::milliseconds kPatience{500};

}  // namespace

Currency::Currency(AnchorReader& anchors, Upkeep& upkeep)
    : anchors_(anchors), upkeep_(upkeep), asked_(Steady::now() - kAge), thread_([this] { Run(); }) {}

Currency::~Currency() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Currency::Ensure() {
  // The alarm and the upkeep's log tell of one that cannot be read; the last stands.
  static_cast<void>(anchors_.ReadIfChanged());
  const MutexLock lock(mutex_);
  const Steady::time_point now = Steady::now();
  const Steady::time_point fresh = now - kAge;
  while (asked_ <= fresh && !stopped_) {
    wanted_ = true;
    changed_.NotifyAll();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(now + kPatience - Steady::now());
    if (left.count() <= 0) return;
    changed_.WaitFor(mutex_, left);
  }
}

void Currency::Run() {
  while (true) {
    Steady::time_point begun;
    {
      const MutexLock lock(mutex_);
      while (!wanted_ && !stopped_) changed_.Wait(mutex_);
      if (stopped_) return;
      wanted_ = false;
      begun = Steady::now();
    }
    static_cast<void>(upkeep_.SyncDirectories());  // Its alarms tell; the upkeep logs what stays wrong.
    const MutexLock lock(mutex_);
    asked_ = begun;
    changed_.NotifyAll();
  }
}

}  // namespace derwent::agents
