#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/sdk/decide.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/agent_request.pb.h"
#include "derwent/v1/case_request.pb.h"
#include "policy/engine/model.h"
#include "trust/secret/random.h"

namespace derwent::agents {

inline constexpr size_t kMaxAskedCategories = 64;

// A case-data request to be.
struct RequestDraft {
  ReferralDraft selector;                         // Who it is about: one subject, one recipient a holder.
  std::string role;                               // In which the acting person asks.
  std::vector<std::string> categories;            // Asked, sorted.
  std::optional<v1::TableAsked> table;            // Absent: none is named.
  absl::Time expire_by = absl::InfiniteFuture();  // Of an emergency when its declaration ends.
};

// Makes the draft of a request, with the only purpose filled in. All problems at once go to `problems`; with any, the
// draft must not be used.
RequestDraft MakeRequestDraft(const v1::SendCaseRequestRequest& request, const std::string& own_agency,
                              const policy::Snapshot& snapshot, std::vector<FieldProblem>& problems);

// What the broker is asked before anything is sealed.
v1::PlanCaseRequestRequest PlanFor(const RequestDraft& draft, std::string request_id);

// The selectors that both the broker's plan and the asker's own facts release, each with the question. `refusal` names
// the leading reason when one of the holders may not be told who it is about, or nothing asked may come from any of
// them. Error: kInternal a unit does not project.
absl::StatusOr<HolderDecision> DecideSelectors(RequestDraft& draft, const v1::PlanCaseRequestResponse& plan,
                                               const policy::Snapshot& snapshot, absl::Time now,
                                               const HolderContact& contact, trust::Random& random);

}  // namespace derwent::agents
