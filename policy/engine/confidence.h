#pragma once

#include "absl/strings/string_view.h"

#include "policy/engine/evaluation.h"

// What lifts confidence of health and social care data that leaves (domain brief D.7; domain decision 13).

namespace derwent::policy {

// Names it in `decision`, whose categories are decided, for each category that is owed confidence and leaves
// the agency as more than counts: a gateway that carries it and lifts confidence by its own words;
// `gw.consent_confidence`, where the holder recorded the consent it takes; `approver`, whose recorded ground it is.
// Where none of them does, the decision obliges the giver to record a ground. Never denies.
void NameConfidence(const Evaluation& evaluation, Decision& decision);

// Whether who approves the category records what lifts confidence of it.
bool NeedsConfidenceGround(const Policy& policy, absl::string_view category);

}  // namespace derwent::policy
