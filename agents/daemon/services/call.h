#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"

namespace derwent::agents {

// Who calls. Also tells the caller the correlation id, which it returns in `correlation`. Errors: of CallerOf.
absl::StatusOr<LocalCaller> BeginCall(const AgentContext& context, grpc::ServerContext* call, std::string& correlation);
// Counts and logs the call; the status for the wire.
grpc::Status EndCall(const AgentContext& context, absl::string_view method, const absl::StatusOr<LocalCaller>& caller,
                     const std::string& correlation, absl::Time start, const absl::Status& status);

// One call of the local service: peer's certificate, revocation, then `work(caller)`, which checks the right and
// answers; one log line.
template <typename Response, typename Work>
grpc::Status RunCall(const AgentContext& context, grpc::ServerContext* call, absl::string_view method,
                     Response* response, Work work) {
  const absl::Time start = context.clock.Now();
  std::string correlation;
  const absl::StatusOr<LocalCaller> caller = BeginCall(context, call, correlation);
  absl::Status status = caller.status();
  if (caller.ok()) {
    absl::StatusOr<Response> answer = work(*caller);
    status = answer.status();
    if (answer.ok()) *response = *std::move(answer);
  }
  return EndCall(context, method, caller, correlation, start, status);
}

}  // namespace derwent::agents
