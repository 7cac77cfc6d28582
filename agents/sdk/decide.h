#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/sdk/draft.h"
#include "agents/sdk/package.h"
#include "agents/sdk/project.h"
#include "derwent/v1/agent.pb.h"
#include "derwent/v1/referral.pb.h"
#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"
#include "trust/secret/random.h"

namespace derwent::agents {

// What the broker is asked before anything is sealed: parties, roles, categories and grounds, no fact about a subject.
v1::PlanReferralRequest PlanFor(const ReferralDraft& draft, std::string request_id);

// What the holder knows of a subject for its own decision, on the London day of `now`. Where a date of birth leaves the
// age open, the lower age counts.
policy::SubjectFacts FactsOf(const v1::CaseRecord& record, const std::string& profile, absl::Time now);

// What both sides together release.
struct HolderDecision {
  std::vector<PackageRecipient> recipients;  // Only those that get at least one unit.
  std::vector<v1::UnitOutcome> outcomes;     // Every unit considered, withheld and pending ones too.
  std::vector<v1::PlannedDecision> decisions;
  std::string refusal;  // When nothing is released and nothing pending: the leading reason.
};

// What named persons agreed to release to the draft's only recipient about its only subject: category, form, role.
using Agreed = std::set<std::tuple<std::string, std::string, std::string>>;

// Decides with the holder's own facts, closes every open predicate, intersects with the broker's plan, and projects
// what is released. Whatever the plan does not decide is withheld; a unit that needs roles' agreement waits until every
// one of them is in `agreed`, with exactly its form. Errors: kInternal a unit does not project.
absl::StatusOr<HolderDecision> DecideAsHolder(const ReferralDraft& draft, const v1::PlanReferralResponse& plan,
                                              const policy::Snapshot& snapshot, absl::Time now,
                                              const HolderContact& contact, trust::Random& random,
                                              const Agreed& agreed = {});

// Withholds all of it for a reason of this agency's own, whatever was decided.
void WithholdAll(HolderDecision& decision, absl::string_view reason);

// Nothing of a share that was refused is released: what was to be stands as withheld for the refusal's reason.
void WithholdReleased(google::protobuf::RepeatedPtrField<v1::UnitOutcome>& units, absl::string_view reason);

}  // namespace derwent::agents
