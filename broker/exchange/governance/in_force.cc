#include "broker/exchange/governance/in_force.h"

#include "absl/strings/str_cat.h"

#include "broker/exchange/governance/archive.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr char kPolicySetting[] = "policy_entered";

}  // namespace

std::string PolicyInForce(const policy::Bundle& bundle) {
  return absl::StrCat("policy ", HexEncode(bundle.policy_digest), "\ngovernance ", HexEncode(bundle.governance_digest),
                      "\n");
}

absl::StatusOr<std::string> PolicyEntered(store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> entered, reader.GetSetting(kPolicySetting));
  return entered.value_or("");
}

absl::Status EnterPolicy(Batch& batch) { return EnterInForce(*batch.world().bundle, batch); }

absl::Status EnterInForce(const policy::Bundle& bundle, Batch& batch) {
  const std::string now_in_force = PolicyInForce(bundle);
  ASSIGN_OR_RETURN(const std::optional<std::string> entered, batch.read().GetSetting(kPolicySetting));
  RETURN_IF_ERROR(ArchiveBundle(bundle, batch));
  ASSIGN_OR_RETURN(const std::optional<Signatories> signed_by, FindSignatories(now_in_force, batch.read()));
  if (entered != now_in_force || !signed_by.has_value())
    RETURN_IF_ERROR(ArchiveSignatories(now_in_force, batch.world().signatories, batch));
  batch.registers_changed = true;  // Also ends the batch: what follows is decided under the new policy.
  if (entered == now_in_force) return absl::OkStatus();
  RETURN_IF_ERROR(
      batch.Append(ledger::EntryDraft::Public(trust::EntryKind::kRegister, now_in_force, "policy", "")).status());
  return batch.write().PutSetting(kPolicySetting, now_in_force);
}

}  // namespace derwent::exchange
