#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

#include "agents/daemon/services/door.h"

namespace derwent::agents {

// One call of the local service: peer's certificate, revocation, quota, then `work(caller)`, which checks the right and
// answers; one log line.
template <typename Response, typename Work>
grpc::Status RunCall(Door& door, grpc::ServerContext* call, absl::string_view method, Response* response, Work work) {
  const Visit visit(door, call, method);
  absl::Status status = visit.caller().status();
  if (status.ok()) {
    absl::StatusOr<Response> answer = work(*visit.caller());
    status = answer.status();
    if (answer.ok()) *response = *std::move(answer);
  }
  return visit.End(status);
}

}  // namespace derwent::agents
