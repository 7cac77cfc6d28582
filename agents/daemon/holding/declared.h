#pragma once

#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "derwent/v1/package.pb.h"

namespace derwent::agents {

// Whether the emergency that a selector names was declared by two persons who may, and says what the selector asks:
// verified here, from their own signatures. False: nothing may be answered. Error: kUnavailable the broker or the
// policy is not there.
absl::StatusOr<bool> IsDeclared(const v1::Manifest& selector, const AgentContext& context);

}  // namespace derwent::agents
