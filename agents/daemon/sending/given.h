#pragma once

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/referral.pb.h"

namespace derwent::agents {

// Keeps whose data, in which categories, the sealed packages of a referral give to whom, and what of it came from
// another agency: by this the agency finds everybody whom a person's rights concern. Before it is sent. Errors: of the
// state; kDataLoss a package does not parse.
absl::Status KeepGiven(const ReferralDraft& draft, const v1::SubmitReferralRequest& submit,
                       const AgentContext& context);

}  // namespace derwent::agents
