#include "agents/daemon/services/patience.h"

#include <algorithm>
#include <thread>

#include "agents/daemon/context/fault.h"

namespace derwent::agents {
namespace {

constexpr int kLongestSeconds = 25;
constexpr std::chrono::milliseconds kMoment{500};

}  // namespace

absl::StatusOr<Patience> Patience::Of(const grpc::ServerContext& call, int seconds) {
  if (seconds < 0 || seconds > kLongestSeconds) {
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
                 {{"wait_seconds", "must be 1 to 25, or 0"}});
  }
  return Patience(call, Clock::now() + std::chrono::seconds(seconds > 0 ? seconds : kLongestSeconds));
}

bool Patience::WaitOn() const {
  const Clock::duration left = until_ - Clock::now();
  if (left <= Clock::duration::zero() || call_.IsCancelled()) return false;
  std::this_thread::sleep_for(std::min<Clock::duration>(left, kMoment));
  return !call_.IsCancelled();
}

}  // namespace derwent::agents
