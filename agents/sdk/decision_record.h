#pragma once

#include <string>

#include "derwent/v1/decision.pb.h"
#include "policy/engine/decision.h"
#include "policy/engine/model.h"

// A decision as the engine has it, and as it is recorded.

namespace derwent::agents {

// The engine's decision from the broker's record; a word not known here denies.
policy::Decision FromPlan(const v1::DecisionRecord& record, const policy::Policy& policy);

// Octets of a holder's decision, for its commitment (FORMAT.md).
std::string CanonicalDecision(const policy::Decision& decision);

}  // namespace derwent::agents
