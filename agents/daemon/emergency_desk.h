#pragma once

#include "absl/status/statusor.h"

#include "agents/daemon/asker.h"
#include "agents/daemon/context.h"
#include "agents/daemon/entitlement.h"
#include "derwent/v1/agent_emergency.pb.h"
#include "derwent/v1/package.pb.h"

namespace derwent::agents {

// Whether the emergency that a selector names was declared by two persons who may, and says what the selector asks:
// verified here, from their own signatures. False: nothing may be answered. Error: kUnavailable the broker or the
// policy is not there.
absl::StatusOr<bool> IsDeclared(const v1::Manifest& selector, const AgentContext& context);

// Where the own duty officers ask in an emergency. Thread-safe. Borrows everything.
class EmergencyDesk {
 public:
  EmergencyDesk(const AgentContext& context, Asker& asker) : context_(context), asker_(asker) {}

  // Declares, sends, and has the own data protection officer told. Errors: of the broker and of Asker::Send;
  // kInvalidArgument the declaration says another thing than the request.
  absl::StatusOr<v1::SendCaseRequestResponse> Request(const LocalCaller& caller,
                                                      const v1::RequestEmergencyRequest& request);

 private:
  const AgentContext& context_;
  Asker& asker_;
};

}  // namespace derwent::agents
