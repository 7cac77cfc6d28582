#include "agents/daemon/context/sealing.h"

#include <vector>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/sdk/seal/unit.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {

namespace {

// Every unit that is over its limit, at once.
absl::Status CheckSizes(const PackageRecipient& recipient) {
  std::vector<FieldProblem> problems;
  for (const PackageUnit& unit : recipient.units) {
    if (unit.content.ByteSizeLong() > kLargestUnit)
      problems.push_back({absl::StrCat("subject ", unit.subject, ", ", unit.content.category()),
                          absl::StrCat("makes over 1 MiB for `", recipient.agency, "`: send less of it")});
  }
  if (problems.empty()) return absl::OkStatus();
  return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "a unit is over its limit of 1 MiB", problems);
}

std::string SentKey(const std::string& share_id, const std::string& recipient) {
  return absl::StrCat("manifest/", share_id, "/", recipient);
}

}  // namespace

absl::StatusOr<v1::Submission> SealFor(const ShareHead& head, const PackageRecipient& recipient,
                                       const AgentContext& context) {
  RETURN_IF_ERROR(CheckSizes(recipient));
  const auto history = context.keys.Find(recipient.agency);
  const trust::AgencyKey* sealing = history->Current(trust::KeyUse::kSealing, context.clock.Now());
  if (sealing == nullptr) {
    return Fault(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED",
                 absl::StrCat("no sealing key of `", recipient.agency, "` can be traced to its first key"));
  }
  return SealPackage(head, recipient, sealing->certificate.public_key(), context.identity.keys->signing()->key,
                     context.random);
}

absl::Status KeepSent(const std::string& share_id, const std::string& recipient, absl::string_view manifest,
                      Changes& changes) {
  return changes.Keep(SentKey(share_id, recipient), trust::Sha256(manifest).view());
}

absl::StatusOr<std::string> SentTo(const std::string& share_id, const std::string& recipient, State& state) {
  return state.Kept(SentKey(share_id, recipient));
}

bool TookNoEffect(absl::string_view reason) { return reason == "POLICY_CHANGED" || reason == "KEY_NOT_CERTIFIED"; }

}  // namespace derwent::agents
