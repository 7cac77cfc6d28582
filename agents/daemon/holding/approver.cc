#include "agents/daemon/holding/approver.h"

#include <utility>

#include "agents/daemon/context/fault.h"
#include "agents/daemon/sending/limited_access.h"
#include "agents/sdk/agency_signature.h"
#include "agents/sdk/approval.h"
#include "policy/engine/agreements.h"
#include "policy/engine/onward.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

// Questions of one other agency that may wait here: with more, nobody would see those of the rest.
constexpr int64_t kMostWaiting = 100;

absl::Status NoSuchApproval() {
  return Fault(absl::StatusCode::kNotFound, "APPROVAL_UNKNOWN", "no such approval waits for you");
}

// Errors of the check as api.md has them.
absl::Status AsFault(const absl::Status& status) {
  if (absl::IsPermissionDenied(status))
    return Fault(absl::StatusCode::kPermissionDenied, "SELF_APPROVAL_FORBIDDEN", status.message());
  if (absl::IsFailedPrecondition(status))
    return Fault(absl::StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID", status.message());
  return absl::IsNotFound(status) ? NoSuchApproval() : status;
}

absl::StatusOr<v1::ApprovalQuestion> QuestionIn(const ApprovalRow& row) {
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(row.question)) return absl::DataLossError("a kept question does not parse");
  return question;
}

v1::PendingApproval Described(const ApprovalRow& row, v1::ApprovalQuestion question) {
  v1::PendingApproval pending;
  pending.set_approval_id(row.approval_id);
  *pending.mutable_question() = std::move(question);
  pending.set_state(row.state);
  pending.set_own_data(row.own);
  return pending;
}

}  // namespace

absl::Status Approver::TakeQuestion(const v1::DsseEnvelope& envelope, const v1::ApprovalQuestion& question) {
  const v1::ApprovalCommand& proposed = question.proposed();
  const absl::Time now = context_.clock.Now();
  const auto holder = context_.keys.Find(proposed.holder_agency());
  RETURN_IF_ERROR(VerifySigned(envelope, trust::kApprovalQuestionType, *holder, now, now));
  if (proposed.holder_agency() == context_.identity.agency) return absl::OkStatus();  // Our own; it is kept as such.
  const auto view = context_.policy.view();
  const bool whole = Uuid::Parse(proposed.approval_id()).ok() && proposed.approver_role() == question.role() &&
                     !proposed.units().empty();
  if (!whole || view == nullptr || !IsAskedElsewhere(*view->bundle->policy, question.role()))
    return absl::InvalidArgumentError("a question to an approver is not complete");
  ASSIGN_OR_RETURN(const int64_t waiting, requests_.CountWaitingOf(proposed.holder_agency(), now));
  if (waiting >= kMostWaiting) return absl::ResourceExhaustedError("too many questions of that agency wait here");
  return requests_.AddApproval({.approval_id = proposed.approval_id(),
                                .request_id = proposed.request_share_id(),
                                .role = question.role(),
                                .question = question.SerializeAsString(),
                                .state = "WAITING",
                                .due = trust::FromTimestamp(question.due_time()),
                                .asked_by = proposed.holder_agency()});
}

absl::StatusOr<bool> Approver::MayAnswer(const std::string& person, const ApprovalRow& row,
                                         const v1::ApprovalQuestion& question) {
  const auto view = context_.policy.view();
  if (view == nullptr || row.due <= context_.clock.Now()) return false;
  if (row.own && row.role == policy::kOriginator) return false;  // Another agency's to say.
  const bool holds = policy::RoleHeld(view->snapshot(),
                                      {.agency = context_.identity.agency,
                                       .person = person,
                                       .role = policy::HeldAs(row.role),
                                       .board = question.board(),
                                       .area = question.area()},
                                      LondonDay(context_.clock.Now()));
  if (!holds || !row.own) return holds;
  return MaySeeSent(person, row.request_id, context_);
}

absl::StatusOr<v1::ListApprovalsResponse> Approver::List(const std::string& person) {
  ASSIGN_OR_RETURN(const std::vector<ApprovalRow> rows, requests_.WaitingApprovals(context_.clock.Now()));
  v1::ListApprovalsResponse response;
  for (const ApprovalRow& row : rows) {
    ASSIGN_OR_RETURN(v1::ApprovalQuestion question, QuestionIn(row));
    ASSIGN_OR_RETURN(const bool may, MayAnswer(person, row, question));
    if (may) *response.add_approvals() = Described(row, std::move(question));
  }
  return response;
}

absl::StatusOr<ApprovalRow> Approver::Find(const std::string& person, const std::string& approval_id) {
  ASSIGN_OR_RETURN(const std::optional<ApprovalRow> row, requests_.FindApproval(approval_id));
  if (!row.has_value()) return NoSuchApproval();
  ASSIGN_OR_RETURN(const v1::ApprovalQuestion question, QuestionIn(*row));
  ASSIGN_OR_RETURN(const bool may, MayAnswer(person, *row, question));
  if (!may) return NoSuchApproval();
  return *row;
}

absl::StatusOr<v1::ShowApprovalResponse> Approver::Show(const std::string& person, const std::string& approval_id) {
  ASSIGN_OR_RETURN(const ApprovalRow row, Find(person, approval_id));
  ASSIGN_OR_RETURN(v1::ApprovalQuestion question, QuestionIn(row));
  v1::ShowApprovalResponse response;
  *response.mutable_approval() = Described(row, std::move(question));
  if (!row.own) return response;
  RETURN_IF_ERROR(context_.state.LogAccess(person, row.request_id, "show approval"));
  ASSIGN_OR_RETURN(const bool held_back, held_back_.Holds(row.request_id));
  ASSIGN_OR_RETURN(ApprovalPreview preview, held_back ? held_back_.PreviewOf(row) : holder_.PreviewOf(row));
  response.set_justification(preview.justification);
  for (v1::OpenedUnit& unit : preview.units) *response.add_units() = std::move(unit);
  return response;
}

absl::StatusOr<v1::AnswerApprovalResponse> Approver::Answer(const std::string& person,
                                                            const v1::SignedApproval& approval) {
  v1::ApprovalCommand command;
  if (!command.ParseFromString(approval.command().payload()))
    return Fault(absl::StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID", "the approval is malformed");
  if (command.approver_person() != person)
    return Fault(absl::StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID", "the approval is not the caller's own");
  ASSIGN_OR_RETURN(const ApprovalRow row, Find(person, command.approval_id()));
  if (!row.own) return GiveElsewhere(row, approval);
  RETURN_IF_ERROR(AsFault(TakeOwn(approval)));
  return v1::AnswerApprovalResponse();
}

absl::Status Approver::TakeOwn(const v1::SignedApproval& approval) {
  v1::ApprovalCommand said;
  if (!said.ParseFromString(approval.command().payload()))
    return absl::FailedPreconditionError("the approval is malformed");
  ASSIGN_OR_RETURN(const std::optional<ApprovalRow> row, requests_.FindApproval(said.approval_id()));
  if (!row.has_value() || !row->own) return absl::NotFoundError("no such approval was asked for here");
  ASSIGN_OR_RETURN(const bool held_back, held_back_.Holds(row->request_id));
  return held_back ? held_back_.TakeApproval(approval, *row) : holder_.TakeApproval(approval, *row);
}

absl::StatusOr<v1::AnswerApprovalResponse> Approver::GiveElsewhere(const ApprovalRow& row,
                                                                   const v1::SignedApproval& approval) {
  if (row.state != "WAITING")
    return Fault(absl::StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID", "the approval was decided before");
  ASSIGN_OR_RETURN(const v1::ApprovalQuestion question, QuestionIn(row));
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("policy and directories were not verified yet");
  const auto roots = context_.roots.get();
  // Who asks for data is known to the holder and the broker, not here: both refuse the asker's own.
  const absl::StatusOr<v1::ApprovalCommand> command = CheckApproval(
      approval, question, question.acting_person(), roots->anchors, view->snapshot(), context_.clock.Now());
  if (!command.ok()) return AsFault(command.status());
  v1::GiveApprovalRequest give;
  give.set_request_id(context_.random.NewUuid().text());
  *give.mutable_approval() = approval;
  ASSIGN_OR_RETURN(v1::GiveApprovalResponse given, context_.broker.GiveApproval(give));
  RETURN_IF_ERROR(requests_
                      .SettleApproval(row.approval_id, command->approved() ? "APPROVED" : "REFUSED", command->reason(),
                                      approval.SerializeAsString())
                      .status());
  RETURN_IF_ERROR(
      context_.state.LogAccess(command->approver_person(), row.request_id, command->approved() ? "approve" : "refuse"));
  v1::AnswerApprovalResponse response;
  if (given.has_receipt()) *response.mutable_receipt() = std::move(*given.mutable_receipt());
  return response;
}

}  // namespace derwent::agents
