#include "agents/daemon/holding/declared.h"

#include <algorithm>

#include "agents/sdk/envelope.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

bool Says(const v1::EmergencyCommand& command, const v1::Manifest& m) {
  return command.agency() == m.sender_agency() && command.officer() == m.question().acting_person() &&
         m.question().role() == policy::kDutyOfficer && command.profile() == m.profile() &&
         command.area() == m.area() && command.subject_role() == m.subjects(0).role() &&
         std::ranges::equal(command.categories(), m.question().categories()) &&
         std::ranges::find(command.holders(), m.recipient_agency()) != command.holders().end();
}

}  // namespace

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
    return command.ok() && command->emergency_id() == selector.document_reference() && Says(*command, selector) &&
           FromTimestamp(command->expire_time()) > now && policy::MayDeclare(*command, view->snapshot(), now);
  }
  return false;
}

}  // namespace derwent::agents
