// What was sealed and must not go any more.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/sending/sender.h"
#include "policy/engine/reason.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

// Whom it is about may have been restricted since it was sealed. What the broker took before that is not called back
// so.
absl::StatusOr<bool> Sender::IsStopped(const std::string& share_id) {
  ASSIGN_OR_RETURN(const bool vetoed, context_.state.ShareStoppedHere(share_id));
  if (!vetoed) return false;
  v1::GetReferralRequest get;
  get.set_name(absl::StrCat("agencies/", context_.identity.agency, "/referrals/", share_id));
  const absl::Status taken = context_.broker.GetReferral(get).status();
  if (!taken.ok() && !absl::IsNotFound(taken)) return taken;
  return !taken.ok();
}

absl::Status Sender::Stop(const std::string& share_id, v1::ShareOutcome outcome) {
  const std::string reason(policy::Describe(policy::ReasonCode::kSubjectRestricted).name);
  context_.Alarm(reason, share_id, "");
  context_.metrics.ShareSettled("REFUSED");
  context_.log.Write("info", "a share was stopped", {{"share", share_id}, {"reason", reason}});
  WithholdReleased(*outcome.mutable_units(), reason);
  RETURN_IF_ERROR(context_.state.LogAccess("", share_id, "stopped: restricted"));
  return context_.state.SettleShare(share_id, "REFUSED", reason, outcome.SerializeAsString());
}

}  // namespace derwent::agents
