#pragma once

#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/model.h"

namespace derwent::policy {

// `from`, and every later day on which something of the policy begins or is over: agreements, notices, policy
// documents, agencies, areas, gateways, roles, purposes. Between two of them every question is decided alike, so that
// what holds on each of these days holds on all days from `from` on.
std::vector<absl::CivilDay> SwitchDays(const Policy& policy, absl::CivilDay from);

}  // namespace derwent::policy
