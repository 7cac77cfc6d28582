#include "agents/daemon/context/at_once.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "trust/base/mutex.h"

namespace derwent::agents {
namespace {

constexpr size_t kMostAtOnce = 8;

// What the threads of one call share.
struct Share {
  const size_t count;
  const absl::FunctionRef<absl::Status(size_t)> work;
  Mutex mutex;
  size_t next GUARDED_BY(mutex) = 0;
  absl::Status failure GUARDED_BY(mutex);

  void Run() {
    while (true) {
      size_t mine = 0;
      {
        const MutexLock lock(mutex);
        if (next == count || !failure.ok()) return;
        mine = next++;
      }
      absl::Status done = work(mine);
      if (done.ok()) continue;
      const MutexLock lock(mutex);
      if (failure.ok()) failure = std::move(done);
    }
  }
};

}  // namespace

absl::Status AtOnce(size_t count, absl::FunctionRef<absl::Status(size_t)> work) {
  Share share{.count = count, .work = work};
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < std::min(count, kMostAtOnce); ++i) others.emplace_back([&share] { share.Run(); });
    share.Run();
  }
  const MutexLock lock(share.mutex);
  return share.failure;
}

}  // namespace derwent::agents
