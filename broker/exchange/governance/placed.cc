#include "broker/exchange/governance/placed.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/governance/past.h"
#include "policy/loader/succession.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {

absl::Status CheckPlaced(const policy::Bundle& before, const policy::Bundle& after,
                         const std::set<Sha256Digest>& earlier) {
  const std::vector<std::string> stripped = policy::StrippedNotices(*before.policy, *after.policy);
  if (!stripped.empty()) return absl::FailedPreconditionError(absl::StrCat("NOTICE_STRIPPED: ", stripped.front()));
  if (after.policy_digest == before.policy_digest) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(after.policy_digest));
  if (!earlier.contains(digest)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "POLICY_ROLLED_BACK: its MANIFEST was in force before and gave way: its signatures are old; change and sign it "
      "anew");
}

absl::Status CheckPlacedAtStart(const policy::Bundle& after, const World& trusted, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::string in_force, PolicyEntered(reader));
  if (in_force.empty()) return absl::OkStatus();
  PastWorlds past(trusted, reader);
  ASSIGN_OR_RETURN(const std::shared_ptr<const World> newest, past.Before(std::numeric_limits<uint64_t>::max()));
  if (newest == nullptr && in_force == PolicyInForce(after)) return absl::OkStatus();
  if (newest == nullptr)
    return absl::FailedPreconditionError("the policy in force is not at hand, so that nothing can be put in its place");
  ASSIGN_OR_RETURN(const std::set<Sha256Digest> earlier, PoliciesEverInForce(reader));
  return CheckPlaced(*newest->bundle, after, earlier);
}

}  // namespace derwent::exchange
