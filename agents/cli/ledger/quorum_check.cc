#include "agents/cli/ledger/quorum_check.h"

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/note/policy_log.h"
#include "trust/note/quorum.h"

namespace derwent::cli {
namespace {

absl::Status Broken(absl::string_view why) { return absl::DataLossError(absl::StrCat("BROKEN: ", why)); }

}  // namespace

absl::StatusOr<std::optional<trust::Checkpoint>> CheckQuorum(const v1::GetQuorumResponse& quorum,
                                                             absl::string_view own_policy,
                                                             const trust::LogKeys& log_keys) {
  if (quorum.policy() != own_policy) return Broken("the broker's quorum policy is not this client's `quorum`");
  const absl::StatusOr<trust::QuorumPolicy> policy = trust::QuorumPolicy::Parse(own_policy);
  if (!policy.ok()) return Broken(policy.status().message());
  if (!trust::IsOfLog(*policy, log_keys)) return Broken("the quorum policy is of another log");
  if (const absl::Status once = trust::CheckAgenciesCountOnce(*policy); !once.ok()) return Broken(once.message());
  const v1::LedgerStanding standing = quorum.standing();
  if (policy->none() ? standing == v1::LEDGER_STANDING_WITNESSED : standing == v1::LEDGER_STANDING_NO_QUORUM)
    return Broken("the broker's standing is not one under this quorum policy");
  if (policy->none()) return std::nullopt;
  if (quorum.cosigned_note().empty()) {
    const bool all_covered = quorum.unwitnessed_age().seconds() == 0 && quorum.unwitnessed_age().nanos() == 0;
    if (standing == v1::LEDGER_STANDING_WITNESSED && all_covered)
      return Broken("the broker says `witnessed` and shows no checkpoint with its quorum");
    return std::nullopt;
  }
  const absl::StatusOr<trust::Checkpoint> cosigned =
      trust::OpenCosignedCheckpoint(quorum.cosigned_note(), *policy, log_keys);
  if (!cosigned.ok()) return Broken(cosigned.status().message());
  return *cosigned;
}

}  // namespace derwent::cli
