#pragma once

#include "absl/time/time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// Version of what Decide means; a replay runs under the same.
inline constexpr int kEngineVersion = 1;

// Decides one question (domain brief H with its completing decisions): linear, obviously right, the oracle of any
// faster engine. Pure: the same arguments give the same decision. Without `request.facts` (the broker's side)
// predicates on the subject are listed as open; with them (the holder's side) nothing stays open and doubt denies.
Decision Decide(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now);

}  // namespace derwent::policy
