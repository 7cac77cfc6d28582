#include "broker/exchange/share/approval_check.h"

#include <algorithm>

#include "broker/exchange/command/person_signature.h"
#include "broker/exchange/command/refusal.h"
#include "trust/base/uuid.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr int kMostUnits = 64;
constexpr absl::string_view kRefusals[] = {"NOT_NECESSARY", "NOT_PROPORTIONATE", "CONFIDENCE",
                                           "CONSENT",       "INVESTIGATION",     "OTHER"};
constexpr absl::string_view kGrounds[] = {"", "gw.consent_confidence", "gw.cl_public_interest"};

absl::Status NotValid(absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID", why);
}

template <typename List>
bool OneOf(const List& list, absl::string_view value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

bool SortedUnits(const v1::ApprovalCommand& command) {
  if (command.units().empty() || command.units_size() > kMostUnits) return false;
  for (int i = 1; i < command.units_size(); ++i) {
    if (command.units(i - 1).category() >= command.units(i).category()) return false;
  }
  return true;
}

absl::Status CheckForm(const v1::ApprovalCommand& command) {
  if (!Uuid::Parse(command.approval_id()).ok()) return NotValid("the approval's id is not a UUID in lowercase");
  if (!SortedUnits(command)) return NotValid("the approval's units are not 1 to 64, sorted, each category once");
  if (command.approved() ? !command.reason().empty() : !OneOf(kRefusals, command.reason()))
    return NotValid("a refusal has one of the reasons, an agreement none");
  if (!OneOf(kGrounds, command.ground())) return NotValid("the ground is none that lifts confidence");
  if (command.approver_person().empty() || command.approver_role().empty())
    return NotValid("the approval names no person or no role");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckedApproval> CheckApproval(const v1::SignedApproval& approval, const World& world, absl::Time now) {
  CheckedApproval checked{.command = {}, .chain = {}, .approval = &approval};
  if (!checked.command.ParseFromString(approval.command().payload())) return NotValid("the approval is malformed");
  if (const absl::Status form = CheckForm(checked.command); !form.ok()) return form;
  absl::StatusOr<trust::Chain> chain = VerifyPersonSigned(
      approval.command(), approval.certificate(), trust::kApprovalType,
      {.agency = checked.command.approver_agency(), .person = checked.command.approver_person()}, world, now);
  if (!chain.ok()) return NotValid(chain.status().message());
  checked.chain = *std::move(chain);
  return checked;
}

bool AreApprovable(const google::protobuf::RepeatedPtrField<v1::ApprovedUnit>& units, const policy::Policy& policy) {
  if (units.empty() || units.size() > kMostUnits) return false;
  for (int i = 0; i < units.size(); ++i) {
    if (i > 0 && units[i - 1].category() >= units[i].category()) return false;
    if (policy.FindCategory(units[i].category()) == nullptr || !policy::ParseForm(units[i].form()).has_value())
      return false;
  }
  return true;
}

bool IsRefusalReason(absl::string_view reason) { return OneOf(kRefusals, reason); }

bool SameProposal(const v1::ApprovalCommand& a, const v1::ApprovalCommand& b) {
  const auto same_unit = [](const v1::ApprovedUnit& x, const v1::ApprovedUnit& y) {
    return x.category() == y.category() && x.form() == y.form();
  };
  return a.approval_id() == b.approval_id() && a.request_share_id() == b.request_share_id() &&
         a.holder_agency() == b.holder_agency() && a.recipient_agency() == b.recipient_agency() &&
         a.subject() == b.subject() && a.policy_digest() == b.policy_digest() &&
         std::equal(a.units().begin(), a.units().end(), b.units().begin(), b.units().end(), same_unit);
}

}  // namespace derwent::exchange
