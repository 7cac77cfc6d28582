#include "broker/witness/quorum.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/note/policy_log.h"

namespace derwent::witness {

absl::StatusOr<Quorum> Quorum::Make(absl::string_view text, const trust::LogKeys& log_keys,
                                    absl::string_view operator_agency, Patience patience) {
  ASSIGN_OR_RETURN(trust::QuorumPolicy policy, trust::QuorumPolicy::Parse(text));
  Quorum quorum(std::string(text), std::move(policy), log_keys, patience);
  for (const std::string& name : quorum.policy_.witness_names())
    quorum.agencies_.push_back(trust::AgencyOfWitness(name));
  RETURN_IF_ERROR(quorum.Judge(operator_agency));
  return quorum;
}

absl::Status Quorum::Judge(absl::string_view operator_agency) const {
  const trust::VerifierKey& log_key = log_keys_.current();
  if (!trust::IsOfLog(policy_, log_key) || policy_.logs().front().ToString() != log_key.ToString())
    return absl::InvalidArgumentError(
        absl::StrCat("its first `log` line must be this log's, and any other another key of it: ", log_key.ToString()));
  if (patience_.amber > patience_.limit || patience_.limit <= absl::ZeroDuration())
    return absl::InvalidArgumentError("the warning comes before the limit, which is over zero");
  if (none()) return absl::OkStatus();
  if (operator_agency.empty())
    return absl::InvalidArgumentError("say in `operator` which agency runs this broker: it alone must not be a quorum");
  std::vector<trust::VerifierKey> own;
  for (size_t i = 0; i < agencies_.size(); ++i) {
    if (agencies_[i].empty()) return absl::InvalidArgumentError("a witness's name begins with its agency");
    if (agencies_[i] == operator_agency) own.push_back(policy_.witnesses()[i]);
  }
  if (policy_.Met(own))
    return absl::InvalidArgumentError(
        absl::StrCat("the witnesses of the operator, `", operator_agency, "`, would be a quorum by themselves"));
  return trust::CheckAgenciesCountOnce(policy_);
}

std::optional<size_t> Quorum::Find(absl::string_view vkey) const {
  const std::vector<trust::VerifierKey>& keys = policy_.witnesses();
  const auto found = std::ranges::find_if(keys, [&](const trust::VerifierKey& key) { return key.ToString() == vkey; });
  if (found == keys.end()) return std::nullopt;
  return static_cast<size_t>(found - keys.begin());
}

}  // namespace derwent::witness
