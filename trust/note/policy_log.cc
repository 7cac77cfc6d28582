#include "trust/note/policy_log.h"

#include <algorithm>
#include <vector>

namespace derwent::trust {

bool IsOfLog(const QuorumPolicy& policy, const LogKeys& keys) {
  const std::vector<VerifierKey> known = keys.keys();
  const auto same_log = [&](const VerifierKey& log) { return log.name == keys.origin(); };
  const auto is_known = [&](const VerifierKey& log) {
    return std::ranges::find(known, log.public_key, &VerifierKey::public_key) != known.end();
  };
  return std::ranges::all_of(policy.logs(), same_log) && std::ranges::any_of(policy.logs(), is_known);
}

}  // namespace derwent::trust
