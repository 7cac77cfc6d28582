#pragma once

#include <string>

#include "absl/time/time.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// The canonical octets of a question and the instant it was decided at (policy/FORMAT.md); hashed into the ledger.
std::string CanonicalBytes(const DecisionRequest& request, absl::Time now);

}  // namespace derwent::policy
