#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "agents/daemon/state/state.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/agent.pb.h"

// The further shares that policy sets off (companion.h) go unless a person says why not; that is kept.
namespace derwent::agents {

struct CompanionChoice {
  std::vector<ReferralDraft> made;
  std::vector<std::string> not_made;  // Their profiles.
};

// What the request says of the companions of its draft. What is wrong with it goes to `problems`.
CompanionChoice ChooseCompanions(const v1::PushReferralRequest& request, std::vector<ReferralDraft> companions,
                                 std::vector<FieldProblem>& problems);

// What the sender's agency keeps of a share that was not made, and shows.
v1::ShareOutcome NotMade(const std::string& profile, const std::string& reason);
OutboxRow NotMadeRow(const v1::ShareOutcome& outcome, const std::string& share_id, absl::Time now);

}  // namespace derwent::agents
