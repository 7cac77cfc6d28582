#pragma once

#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// Version of what Decide means; a replay runs under the same.
inline constexpr int kEngineVersion = 2;

// Decides one question (domain brief H with its completing decisions): linear, obviously right, the oracle of any
// faster engine. Pure: the same arguments give the same decision. Without `request.facts` (the broker's side)
// predicates on the subject are listed as open; with them (the holder's side) nothing stays open and doubt denies.
Decision Decide(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now);

// An engine that decides under one policy. Thread-safe.
class Decider {
 public:
  virtual ~Decider() = default;
  // As Decide. `snapshot` is of the decider's policy.
  virtual Decision Decide(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) const = 0;
  // `index`: it and the linear engine, each the other's oracle. `linear`: that one alone.
  virtual absl::string_view engine() const = 0;
};

std::unique_ptr<const Decider> LinearDecider();

// The index decides, the linear engine says why and on what footing. What the two do not decide alike is denied,
// `ENGINES_DIFFER`: a fault in either opens nothing. `policy` must outlive it. A policy too large for the index:
// linear.
std::unique_ptr<const Decider> IndexedDecider(const Policy& policy);

}  // namespace derwent::policy
