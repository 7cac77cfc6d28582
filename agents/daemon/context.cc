#include "agents/daemon/context.h"

namespace derwent::agents {

void AgentContext::Alarm(absl::string_view code, absl::string_view share_id, absl::string_view agency) const {
  const absl::StatusOr<bool> fresh = state.RaiseAlarm(code, share_id, agency);
  if (!fresh.ok()) log.Failure("an alarm could not be kept", fresh.status());
  if (fresh.ok() && !*fresh) return;
  metrics.AlarmRaised(code);
  log.Write("alarm", "alarm", {{"reason", code}, {"share", share_id}, {"peer", agency}});
}

}  // namespace derwent::agents
