#include "agents/daemon/holding/declared.h"

#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
absl::StatusOr<bool> IsDeclared(const v1::Manifest& selector, const AgentContext& context) {
  const auto view = context.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  ASSIGN_OR_RETURN(const v1::ListEmergenciesResponse kept, context.broker.ListEmergencies({}));
  const auto roots = context.roots.get();
  const absl::Time now = context.clock.Now();
  for (const v1::Emergency& emergency : kept.emergencies()) {
    if (emergency.emergency_id() != selector.document_reference()) continue;
    const auto command =
        policy::VerifyEmergency(emergency.declaration(), roots->anchors.authority, roots->anchors.revoked, now);
    return command.ok() && policy::Asks(selector, *command) && policy::MayDeclare(*command, view->snapshot(), now);
  }
  return false;
}

}  // namespace derwent::agents
