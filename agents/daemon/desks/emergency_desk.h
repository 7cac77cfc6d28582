#pragma once

#include "absl/status/statusor.h"

#include "agents/daemon/asking/asker.h"
#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "derwent/v1/agent_emergency.pb.h"

namespace derwent::agents {

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
