#include "agents/sdk/approval.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

#include "policy/engine/agreements.h"
#include "policy/engine/calendar.h"
#include "policy/engine/confidence.h"
#include "policy/engine/onward.h"
#include "policy/loader/asked_route.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/message/person_signature.h"
#include "trust/message/timestamp.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr absl::Duration kClockSkew = absl::Seconds(30);

bool Among(absl::Span<const absl::string_view> codes, absl::string_view code) {
  return std::ranges::find(codes, code) != codes.end();
}

absl::Status NotValid(absl::string_view why) { return absl::FailedPreconditionError(why); }

// Confidence is lifted by a recorded ground only (domain decision 13).
bool NeedsGround(const v1::ApprovalCommand& command, const policy::Policy& policy) {
  return std::ranges::any_of(command.units(), [&](const v1::ApprovedUnit& unit) {
    return policy::NeedsConfidenceGround(policy, unit.category());
  });
}

bool AnswersProposal(const v1::ApprovalCommand& command, const v1::ApprovalCommand& proposed) {
  const bool same = command.approval_id() == proposed.approval_id() &&
                    command.request_share_id() == proposed.request_share_id() &&
                    command.holder_agency() == proposed.holder_agency() &&
                    command.recipient_agency() == proposed.recipient_agency() &&
                    command.approver_role() == proposed.approver_role() && command.subject() == proposed.subject() &&
                    command.policy_digest() == proposed.policy_digest();
  return same && !command.units().empty() && std::ranges::all_of(command.units(), [&](const v1::ApprovedUnit& unit) {
           return std::ranges::any_of(proposed.units(), [&](const v1::ApprovedUnit& asked) {
             return asked.category() == unit.category() && asked.form() == unit.form();
           });
         });
}

absl::Status CheckSaid(const v1::ApprovalCommand& command, const policy::Policy& policy, absl::Time due,
                       absl::Time now) {
  if (trust::FromTimestamp(command.create_time()) > now + kClockSkew)
    return NotValid("the approval is signed in the future");
  if (trust::FromTimestamp(command.expire_time()) <= now || due <= now) return NotValid("the approval has lapsed");
  if (trust::FromTimestamp(command.expire_time()) > due)
    return NotValid("the approval would count longer than it was asked for");
  if (!command.approved())
    return IsRefusalReason(command.reason()) ? absl::OkStatus() : NotValid("the reason is no code of a refusal");
  if (!command.reason().empty()) return NotValid("an agreement has no reason");
  const bool ground = Among(ConfidenceGrounds(), command.ground());
  if (!command.ground().empty() && !ground) return NotValid("the ground is none that lifts confidence");
  if (NeedsGround(command, policy) && !ground)
    return NotValid("the ground that lifts confidence must be `gw.consent_confidence` or `gw.cl_public_interest`");
  return absl::OkStatus();
}

absl::Status CheckSigner(const v1::SignedApproval& approval, const v1::ApprovalCommand& command,
                         const TrustAnchors& anchors, absl::Time now) {
  const absl::StatusOr<trust::Certificate> certificate =
      trust::VerifySignedByPerson(approval.command(), approval.certificate(), trust::kApprovalType,
                                  {.agency = command.approver_agency(), .person = command.approver_person()});
  if (!certificate.ok()) return NotValid(absl::StrCat("the approval is not signed: ", certificate.status().message()));
  if (!anchors.CheckFresh(now).ok() || !anchors.revoked.Verify(*certificate, anchors.authority, now).ok())
    return NotValid("the approval's certificate does not count");
  return absl::OkStatus();
}

}  // namespace

absl::Time ApprovalDue(const policy::Policy& policy, absl::Time asked, absl::Time request_expires) {
  const absl::CivilDay last = policy::AddWorkingDays(policy, LondonDay(asked), kApprovalWorkingDays);
  return std::min(LondonStartOf(last + 1) - absl::Seconds(1), request_expires);
}

absl::Time LastSay(absl::Time asked, absl::Time request_expires) {
  const absl::Duration left = request_expires - asked;
  return request_expires - std::min(std::max(absl::Hours(1), left / 20), left / 4);
}

bool IsPanelRole(const policy::Policy& policy, const std::string& role) { return policy.board_roles.contains(role); }

bool IsAskedElsewhere(const policy::Policy& policy, const std::string& role) {
  return IsPanelRole(policy, role) || role == policy::kOriginator;
}

v1::ApprovalQuestion QuestionFor(const Inquiry& inquiry, const AnswerDecision& decision, const std::string& role,
                                 const std::string& approval_id, const std::string& policy_digest, absl::Time due) {
  const v1::Manifest& selector = inquiry.selector;
  v1::ApprovalQuestion question;
  v1::ApprovalCommand& proposed = *question.mutable_proposed();
  proposed.set_approval_id(approval_id);
  proposed.set_request_share_id(selector.share_id());
  proposed.set_holder_agency(selector.recipient_agency());
  proposed.set_recipient_agency(selector.sender_agency());
  proposed.set_approver_role(role);
  proposed.set_subject(1);
  proposed.set_policy_digest(policy_digest);
  for (const AnswerLine& line : decision.lines) {
    if (line.form.empty() || !line.approvers.contains(role)) continue;
    v1::ApprovedUnit& unit = *proposed.add_units();
    unit.set_category(line.category);
    unit.set_form(line.form);
  }
  question.set_profile(selector.profile());
  question.set_purpose(selector.purpose());
  question.set_board(selector.board());
  question.set_area(selector.area());
  *question.mutable_grounds() = selector.subjects(0).grounds();
  question.set_route(policy::AskedRouteName(selector.purpose(), selector.document_reference()));
  question.set_document_reference(selector.document_reference());
  question.set_role(role);
  *question.mutable_due_time() = trust::ToTimestamp(due);
  return question;
}

v1::ApprovalQuestion QuestionFor(const ReferralDraft& draft, const std::string& share_id,
                                 const std::vector<v1::ApprovedUnit>& units, const std::string& role,
                                 const std::string& approval_id, const std::string& policy_digest, absl::Time due) {
  const DraftRecipient& recipient = draft.recipients.front();
  const uint32_t subject = draft.subjects.front().number;
  v1::ApprovalQuestion question;
  v1::ApprovalCommand& proposed = *question.mutable_proposed();
  proposed.set_approval_id(approval_id);
  proposed.set_request_share_id(share_id);
  proposed.set_holder_agency(draft.sender_agency);
  proposed.set_recipient_agency(recipient.agency);
  proposed.set_approver_role(role);
  proposed.set_subject(subject);
  proposed.set_policy_digest(policy_digest);
  proposed.mutable_units()->Assign(units.begin(), units.end());
  question.set_profile(draft.profile);
  question.set_purpose(draft.purpose);
  question.set_board(draft.board);
  question.set_area(draft.area);
  for (std::string& ground : AssertedGrounds(recipient, subject)) question.add_grounds(std::move(ground));
  question.set_role(role);
  *question.mutable_due_time() = trust::ToTimestamp(due);
  question.set_acting_person(draft.acting_person);
  const std::optional<Received>& received = draft.subjects.front().received;
  if (role == policy::kOriginator && received.has_value()) question.set_received_share_id(received->share_id);
  return question;
}

absl::StatusOr<v1::ApprovalCommand> CheckApproval(const v1::SignedApproval& approval,
                                                  const v1::ApprovalQuestion& question, const std::string& wanted_by,
                                                  const TrustAnchors& anchors, const policy::Snapshot& snapshot,
                                                  absl::Time now) {
  v1::ApprovalCommand command;
  if (!command.ParseFromString(approval.command().payload())) return NotValid("the approval is malformed");
  RETURN_IF_ERROR(CheckSigner(approval, command, anchors, now));
  if (!AnswersProposal(command, question.proposed()))
    return NotValid("the approval is for something else than was asked");
  RETURN_IF_ERROR(CheckSaid(command, *snapshot.policy, trust::FromTimestamp(question.due_time()), now));
  if (command.approver_person() == wanted_by)
    return absl::PermissionDeniedError("nobody approves what they want released");
  const auto profile = snapshot.policy->profiles.find(question.profile());
  const bool secret = profile != snapshot.policy->profiles.end() && profile->second.existence_sensitive;
  if (secret && command.approver_agency() == command.recipient_agency())
    return NotValid("the approver is of the recipient's agency, where existence is secret");
  const bool own = command.approver_agency() == command.holder_agency();
  if (question.role() == policy::kOriginator && own) return NotValid("the holder is not the originator");
  if (!IsAskedElsewhere(*snapshot.policy, question.role()) && !own) return NotValid("the role is the holder's own");
  const bool holds = policy::RoleHeld(snapshot,
                                      {.agency = command.approver_agency(),
                                       .person = command.approver_person(),
                                       .role = policy::HeldAs(question.role()),
                                       .board = question.board(),
                                       .area = question.area()},
                                      LondonDay(now));
  return holds ? absl::StatusOr<v1::ApprovalCommand>(command) : NotValid("the approver does not hold the role today");
}

absl::Span<const absl::string_view> RefusalReasons() {
  static constexpr std::array<absl::string_view, 6> kReasons = {"NOT_NECESSARY", "NOT_PROPORTIONATE", "CONFIDENCE",
                                                                "CONSENT",       "INVESTIGATION",     "OTHER"};
  return kReasons;
}

bool IsRefusalReason(absl::string_view reason) { return Among(RefusalReasons(), reason); }

absl::Span<const absl::string_view> ConfidenceGrounds() {
  static constexpr std::array<absl::string_view, 2> kGrounds = {"gw.consent_confidence", "gw.cl_public_interest"};
  return kGrounds;
}

}  // namespace derwent::agents
