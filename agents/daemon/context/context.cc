#include "agents/daemon/context/context.h"

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "policy/loader/emergency.h"

namespace derwent::agents {

absl::Status AgentContext::RequireWitnessed() const {
  if (const std::optional<ForkLatch::Proof> proof = forks.held(); proof.has_value()) {
    return Fault(absl::StatusCode::kUnavailable, "LEDGER_FORKED",
                 absl::StrCat("this agency holds proof `", proof->name,
                              "` that the ledger has two histories or went back: nothing is released until that was "
                              "looked into and `trust.accepted_forks` names it"));
  }
  const absl::Time now = clock.Now();
  if (!quorum.Stopped(now)) return absl::OkStatus();
  return Fault(absl::StatusCode::kUnavailable, "LEDGER_NOT_WITNESSED",
               absl::StrCat("for ", absl::ToInt64Seconds(quorum.Age(now)),
                            " s this agency has seen no quorum of witnesses over the ledger: nothing is released until "
                            "it is back"));
}

absl::Status AgentContext::WitnessedOrEmergency(absl::string_view purpose, absl::string_view share_id) const {
  absl::Status witnessed = RequireWitnessed();
  if (witnessed.ok() || !policy::IsEmergency(purpose)) return witnessed;
  Alarm("EMERGENCY_UNWITNESSED", share_id, "");
  return absl::OkStatus();
}

void AgentContext::HoldProof(const ForkLatch::Proof& proof) const {
  Alarm(proof.code, "", "");
  if (forks.Hold(proof))
    log.Write("error", "nothing is released any more", {{"reason", proof.code}, {"proof", proof.name}});
  const std::string held = forks.Kept();
  const absl::StatusOr<std::string> before = state.Kept(kLedgerForked);
  if (before.ok() && *before == held) return;
  if (const absl::Status kept = state.Keep(kLedgerForked, held); !kept.ok())
    log.Failure("proof against the log could not be kept", kept);
}

void AgentContext::Alarm(absl::string_view code, absl::string_view share_id, absl::string_view agency,
                         absl::string_view key_id) const {
  const absl::StatusOr<bool> fresh = state.RaiseAlarm(code, share_id, agency, key_id);
  if (!fresh.ok()) log.Failure("an alarm could not be kept", fresh.status());
  if (fresh.ok() && !*fresh) return;
  metrics.AlarmRaised(code);
  log.Write("alarm", "alarm", {{"reason", code}, {"share", share_id}, {"peer", agency}, {"key", key_id}});
}

}  // namespace derwent::agents
