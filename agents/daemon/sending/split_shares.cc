#include "agents/daemon/sending/split_shares.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_join.h"

#include "agents/sdk/approval.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {

SplitOutcomes Split(const ReferralDraft& draft, const HolderDecision& decision) {
  SplitOutcomes split;
  std::map<std::tuple<std::string, uint32_t, std::string>, size_t> groups;
  v1::ShareOutcome now;
  now.set_profile(draft.profile);
  now.mutable_decisions()->Assign(decision.decisions.begin(), decision.decisions.end());
  for (const v1::UnitOutcome& unit : decision.outcomes) {
    if (unit.outcome() != "PENDING") {
      *now.add_units() = unit;
      continue;
    }
    const auto [group, fresh] = groups.emplace(
        std::tuple(unit.recipient_agency(), unit.subject(), absl::StrJoin(unit.approvers(), " ")), groups.size());
    if (fresh) {
      split.waiting.emplace_back().set_profile(draft.profile);
      for (const v1::PlannedDecision& one : decision.decisions) {
        if (one.recipient_agency() == unit.recipient_agency() && one.subject() == unit.subject())
          *split.waiting.back().add_decisions() = one;
      }
    }
    *split.waiting[group->second].add_units() = unit;
  }
  // When nothing goes now, what is withheld is told with the first that waits.
  if (decision.recipients.empty() && !split.waiting.empty())
    split.waiting.front().mutable_units()->MergeFrom(now.units());
  else
    split.now = std::move(now);
  return split;
}

v1::PushReferralRequest HeadOf(const ReferralDraft& draft) {
  v1::PushReferralRequest referral;
  referral.set_profile(draft.profile);
  referral.set_purpose(draft.purpose);
  referral.set_board(draft.board);
  referral.set_area(draft.area);
  referral.set_justification(draft.justification);
  referral.set_acting_person(draft.acting_person);
  return referral;
}

void AddSubject(const DraftSubject& subject, v1::PushReferralRequest& referral) {
  v1::ReferralSubject& kept = *referral.add_subjects();
  kept.set_role(subject.role);
  *kept.mutable_record() = subject.record;
}

v1::HeldBackUnits HoldBack(const ReferralDraft& draft, const v1::ShareOutcome& outcome, const PolicyCache::View& view,
                           absl::Time now) {
  const v1::UnitOutcome& first = outcome.units(0);
  v1::HeldBackUnits units;
  units.set_subject(first.subject());
  units.set_policy_digest(view.bundle->policy_digest);
  *units.mutable_due_time() = trust::ToTimestamp(ApprovalDue(*view.bundle->policy, now, absl::InfiniteFuture()));
  v1::PushReferralRequest& referral = *units.mutable_referral();
  referral = HeadOf(draft);
  for (const DraftSubject& subject : draft.subjects) {
    if (subject.number == first.subject()) AddSubject(subject, referral);
  }
  for (const DraftRecipient& recipient : draft.recipients) {
    if (recipient.agency != first.recipient_agency()) continue;
    v1::ReferralRecipientChoice& kept = *referral.add_recipients();
    kept.set_agency(recipient.agency);
    kept.set_role(recipient.role);
    kept.set_person(recipient.person);
    for (std::string& ground : AssertedGrounds(recipient, first.subject())) kept.add_grounds(std::move(ground));
    for (const v1::UnitOutcome& unit : outcome.units()) {
      if (unit.outcome() == "PENDING") kept.add_categories(unit.category());
    }
  }
  return units;
}

}  // namespace derwent::agents
