#include "trust/note/policy_log.h"

#include <algorithm>

namespace derwent::trust {

bool IsOfLog(const QuorumPolicy& policy, const VerifierKey& key) {
  const auto same_log = [&](const VerifierKey& log) { return log.name == key.name; };
  const auto same_key = [&](const VerifierKey& log) { return log.ToString() == key.ToString(); };
  return std::ranges::all_of(policy.logs(), same_log) && std::ranges::any_of(policy.logs(), same_key);
}

}  // namespace derwent::trust
