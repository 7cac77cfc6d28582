#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/model.h"
#include "policy/loader/problem.h"
#include "policy/space/handling.h"

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

struct Differences {
  std::vector<Difference> releases;  // Sensitive gains first, then gains, then the rest; by receiver and category.
  std::vector<HandlingDifference> handling;
  bool opens() const;  // Something is released that was not, or handled less strictly.
};

// A policy as the engine reads it, and its text. Borrowed.
struct Edition {
  const Policy& policy;
  const Files& files;
};

// Exact. Releases: compares both policies in every context of their joint space on `day`, and beyond what is in order
// wherever the two differ in a rule that reads it (vocabulary, flags, products). Each such rule acts by itself and only
// takes away, so that it is enough to vary one thing at a time, flags that do not deny outright also in pairs.
// Handling: everything else that differs in the text; of what decisions rest on only what changes none on that day.
// `profiles`: releases under these alone; nullopt: under all.
Differences Compare(const Edition& was, const Edition& now, absl::CivilDay day,
                    const std::optional<std::set<std::string>>& profiles = std::nullopt);
// Releases alone.
std::vector<Difference> CompareReleases(const Policy& was, const Policy& now, absl::CivilDay day,
                                        const std::optional<std::set<std::string>>& profiles = std::nullopt);

}  // namespace derwent::policy
