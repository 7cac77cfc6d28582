#pragma once

#include "broker/rpc/runner.h"

namespace derwent::rpc {

// A rule that needs nothing of the request prepared. Both are borrowed until the call ends.
template <typename Request, typename Response>
Runner::Prepare Plain(absl::Status (*rule)(const exchange::Caller&, const Request&, Response&, exchange::Batch&),
                      const Request* request, Response* response) {
  return [rule, request, response](const exchange::Caller& caller,
                                   const exchange::World&) -> absl::StatusOr<Runner::Rule> {
    return Runner::Rule([rule, request, response, caller](exchange::Batch& batch) {
      response->Clear();
      return rule(caller, *request, *response, batch);
    });
  };
}

}  // namespace derwent::rpc
