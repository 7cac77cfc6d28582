#pragma once

#include "policy/engine/evaluation.h"

// What each side of a share rests on in law: a profile's own words first, else those of the organisation's type.

namespace derwent::policy {

enum class Side { kGiver, kReceiver };

// The bases and conditions of one side, the profile's most particular footing first.
OrganisationType RestsOn(const Evaluation& evaluation, Side side);

// Fills gateways, regimes, bases and conditions of `decision`, whose categories are decided.
void RecordFooting(const Evaluation& evaluation, Decision& decision);

}  // namespace derwent::policy
