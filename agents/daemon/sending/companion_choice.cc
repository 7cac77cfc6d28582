#include "agents/daemon/sending/companion_choice.h"

#include "absl/strings/str_cat.h"

#include "agents/sdk/companion.h"

namespace derwent::agents {

CompanionChoice ChooseCompanions(const v1::PushReferralRequest& request, std::vector<ReferralDraft> companions,
                                 std::vector<FieldProblem>& problems) {
  CompanionChoice choice;
  const bool declined = request.has_companion_child_referral() && !request.companion_child_referral();
  const std::string& reason = request.companion_child_reason();
  if (!declined && !reason.empty())
    problems.push_back({"companion_child_reason", "must be empty: the child's share is made"});
  if (!reason.empty() && !IsCompanionReason(reason))
    problems.push_back({"companion_child_reason", absl::StrCat("must be ", kCompanionReasons)});
  if (!declined) {
    choice.made = std::move(companions);
    return choice;
  }
  if (!companions.empty() && reason.empty())
    problems.push_back(
        {"companion_child_reason", absl::StrCat("must say why no share for the child is made: ", kCompanionReasons)});
  for (const ReferralDraft& companion : companions) choice.not_made.push_back(companion.profile);
  return choice;
}

v1::ShareOutcome NotMade(const std::string& profile, const std::string& reason) {
  v1::ShareOutcome outcome;
  outcome.set_profile(profile);
  outcome.set_state("NOT_MADE");
  outcome.set_reason(reason);
  return outcome;
}

OutboxRow NotMadeRow(const v1::ShareOutcome& outcome, const std::string& share_id, absl::Time now) {
  v1::ShareOutcome kept = outcome;
  kept.set_share_id(share_id);
  return {.share_id = share_id,
          .state = kept.state(),
          .reason = kept.reason(),
          .outcome = kept.SerializeAsString(),
          .create_time = now,
          .collect_deadline = now};
}

}  // namespace derwent::agents
