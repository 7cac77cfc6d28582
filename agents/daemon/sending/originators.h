#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/state/state.h"
#include "agents/sdk/draft.h"

namespace derwent::agents {

// Says of each subject of the draft what of it another agency shared, by which share, under which marking and
// obligations: as the share lies in the inbox. A fact of a share that is not there, or that was withdrawn, superseded
// or declined, and facts of one person that came by several shares go to `problems`. Error: of the state.
absl::Status FindOriginators(State& state, ReferralDraft& draft, std::vector<FieldProblem>& problems);

// Whether the subject holds what its sender has put under restriction since: nothing of it goes onward. Errors: of the
// state; kDataLoss.
absl::StatusOr<bool> MayOnlyBeStored(const DraftSubject& subject, State& state);

}  // namespace derwent::agents
