#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/sdk/draft.h"
#include "agents/sdk/package.h"
#include "derwent/v1/agent.pb.h"

// Later versions of an own referral: which share a draft takes the place of.
namespace derwent::agents {

// Makes `draft` the next version of the own share `share_id`, as the broker says that it stands. Errors: kNotFound
// `SHARE_UNKNOWN`, also for an acting person whom its records keep out; kFailedPrecondition `STATE_NOT_ALLOWED` it was
// not stored, was withdrawn or superseded; kInvalidArgument naming each field that departs from it, and each recipient
// that did not have it; kUnavailable.
absl::Status TakePlaceOf(const std::string& share_id, const AgentContext& context, ReferralDraft& draft);

// Likewise of all drafts of a referral: the first takes the place of `share_id`; a companion that of the older
// referral's companion under the same profile, where that one still stands.
absl::Status TakePlacesOf(const std::string& share_id, const AgentContext& context, std::vector<ReferralDraft>& drafts);

// Tells in `outcome`, of a share made of `draft` for `recipients`, what it takes the place of, and from whom the older
// one is withdrawn.
void TellOlder(const ReferralDraft& draft, const std::vector<PackageRecipient>& recipients, v1::ShareOutcome& outcome);

}  // namespace derwent::agents
