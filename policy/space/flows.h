#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"

namespace derwent::policy {

// Which flows to list; an empty set means any.
struct FlowFilter {
  std::set<std::string> profiles, agencies, categories;  // An agency gives or receives.
};

// That a receiver can get a category from a giver when all is in order: what it gets at most, and how.
struct Flow {
  std::string profile, giver, receiver, category;
  CategoryOutcome outcome;   // The most that any role and purpose gives.
  bool conditional = false;  // Its ground must be asserted.
  std::set<std::string> roles, purposes;
};

// Flows by request, referral and statistics on `day`, in the order of profile, receiver, category, giver. Emergencies,
// rights events and audits go by their own lists, which no profile changes.
std::vector<Flow> FlowsOf(const Policy& policy, absl::CivilDay day, const FlowFilter& filter);

// `full`, or `summarise once spoc agree`, …
std::string Describe(const CategoryOutcome& outcome);

}  // namespace derwent::policy
