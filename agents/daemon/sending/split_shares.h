#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"

#include "agents/sdk/decide.h"
#include "agents/sdk/draft.h"
#include "agents/sdk/policy_cache.h"
#include "derwent/v1/agent.pb.h"

// Which shares a decided referral makes.
namespace derwent::agents {

// What goes now, and what waits: one a recipient, subject and set of roles that must agree.
struct SplitOutcomes {
  std::optional<v1::ShareOutcome> now;
  std::vector<v1::ShareOutcome> waiting;
};
SplitOutcomes Split(const ReferralDraft& draft, const HolderDecision& decision);

// A draft as it can be kept: first without whom it is about and to whom it goes; then a subject of it.
v1::PushReferralRequest HeadOf(const ReferralDraft& draft);
void AddSubject(const DraftSubject& subject, v1::PushReferralRequest& referral);

// What is kept of one that waits, until the fifth working day after `now`.
v1::HeldBackUnits HoldBack(const ReferralDraft& draft, const v1::ShareOutcome& outcome, const PolicyCache::View& view,
                           absl::Time now);

}  // namespace derwent::agents
