#pragma once

#include <chrono>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"

namespace derwent::agents {

// How long one caller of a long poll waits: what it asked for, 25 seconds at most, and no longer than it is there.
// Borrows the call. For one thread.
class Patience {
 public:
  // `seconds`: 1 to 25; 0: 25. Error: kInvalidArgument, a Fault.
  static absl::StatusOr<Patience> Of(const grpc::ServerContext& call, int seconds);

  // Lets a moment pass; false: the caller waits no longer.
  bool WaitOn() const;

 private:
  using Clock = std::chrono::steady_clock;
  Patience(const grpc::ServerContext& call, Clock::time_point until) : call_(call), until_(until) {}
  const grpc::ServerContext& call_;
  Clock::time_point until_;
};

}  // namespace derwent::agents
