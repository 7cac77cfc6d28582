#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/model.h"

namespace derwent::policy {

// One difference between two policies: what a receiver may have of a category under a profile.
struct Difference {
  std::string receiver, category, profile;
  std::string kind;        // `newly shared`, `newly approved`, `newly reduced`, `no longer shared`.
  std::string was, now;    // In words.
  std::string when;        // Beyond all in order: `without its ground`, `with flag x`, …; empty: in order.
  bool opens = false;      // The new policy gives something that the old did not, or asks fewer people.
  bool sensitive = false;  // Special-category or offence data, in either policy.
  std::set<std::string> givers, roles, purposes;
};

// A difference in how what is released is handled.
struct HandlingDifference {
  std::string profile, what;  // `consent_steps`, `tables`: of every profile.
  bool loosens = false;
  std::set<std::string> givers;  // Who gives under it, by an agreement of the new policy that is not over.
};

struct Differences {
  std::vector<Difference> releases;  // Sensitive gains first, then gains, then the rest; by receiver and category.
  std::vector<HandlingDifference> handling;
  bool opens() const;
};

// Exact: compares both policies in every context of their joint space on `day`, and beyond what is in order wherever
// the two differ in a rule that reads it (vocabulary, flags, products). Each such rule acts by itself and only takes
// away, so that it is enough to vary one thing at a time, flags that do not deny outright also in pairs.
// `profiles`: releases under these alone; nullopt: under all.
Differences Compare(const Policy& old_policy, const Policy& new_policy, absl::CivilDay day,
                    const std::optional<std::set<std::string>>& profiles = std::nullopt);

}  // namespace derwent::policy
