#pragma once

#include <string>

#include "derwent/v1/assertion.pb.h"
#include "policy/engine/decision.h"
#include "policy/engine/model.h"

namespace derwent::policy {

// What of `wanted` a decision under `profile`, or the profile itself, does not keep, in words; empty: nothing.
std::string Mishandled(const v1::Handled& wanted, const Profile& profile, const Decision& decision,
                       const Policy& policy);

}  // namespace derwent::policy
