#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// Of what a share was made, sealed, so that it can be planned again once its caller is gone: `draft`, without the units
// that `waiting` tells. Error: kInternal.
absl::StatusOr<std::string> SealPlanned(const std::string& share_id, const ReferralDraft& draft,
                                        const std::vector<v1::ShareOutcome>& waiting, const AgentContext& context);

// The draft again; what of it goes onward is to be found anew. Error: kDataLoss.
absl::StatusOr<ReferralDraft> OpenPlanned(const std::string& share_id, const std::string& sealed,
                                          const AgentContext& context);

}  // namespace derwent::agents
