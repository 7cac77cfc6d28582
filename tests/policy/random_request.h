#pragma once

#include <random>

#include "policy/engine/model.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// A question with the holder's facts, drawn from the policy's own words: mostly apt, now and then absurd. The same
// generator state gives the same question.
DecisionRequest RandomRequest(const Policy& policy, std::mt19937& random);

}  // namespace derwent::policy
