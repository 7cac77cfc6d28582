#pragma once

#include <set>
#include <string>

#include "absl/status/statusor.h"

#include "agents/daemon/state/state.h"

namespace derwent::agents {

// What of a received share its sender has put under restriction (UK GDPR Article 18), and not lifted: it may be stored.
struct UnderRestriction {
  std::set<std::string> categories;
  std::set<std::string> closed;  // Those of them that no officer let be opened here on a ground of its paragraph 2.
};

// A restriction that this agency declined on a ground of law does not bind it. Errors: of the state; kDataLoss.
absl::StatusOr<UnderRestriction> RestrictionOn(const std::string& share_id, State& state);

}  // namespace derwent::agents
