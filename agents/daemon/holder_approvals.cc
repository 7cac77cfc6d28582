// What the holder asks its approvers, and what they say.
#include <algorithm>
#include <utility>

#include "agents/daemon/fault.h"
#include "agents/daemon/holder.h"
#include "agents/daemon/standing_approvals.h"
#include "agents/sdk/approval.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/envelope.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

absl::Status Holder::LapseApprovals(const std::string& request_id) {
  ASSIGN_OR_RETURN(const std::vector<ApprovalRow> approvals, parts_.requests.ApprovalsOf(request_id));
  for (const ApprovalRow& approval : approvals)
    RETURN_IF_ERROR(parts_.requests.SettleApproval(approval.approval_id, "LAPSED", "LAPSED", "").status());
  return absl::OkStatus();
}

absl::Status Holder::AskApprovers(Standing& standing) {
  const absl::Time now = context_.clock.Now();
  const auto view = context_.policy.view();
  const absl::Time due = ApprovalDue(*view->bundle->policy, now, standing.expire_time);
  AnswerDecision open = standing.decision;
  std::erase_if(open.lines, [&](const AnswerLine& line) { return !IsPending(standing.details, line.category); });
  for (ApprovalRow& fresh :
       ApprovalsMissing(standing.inquiry, open, standing.approvals, standing.policy_digest, due, context_.random)) {
    RETURN_IF_ERROR(parts_.requests.AddApproval(fresh));
    standing.approvals.push_back(std::move(fresh));
  }
  for (ApprovalRow& approval : standing.approvals) {
    if (approval.state != "WAITING") continue;
    if (approval.due <= now) {
      RETURN_IF_ERROR(parts_.requests.SettleApproval(approval.approval_id, "LAPSED", "LAPSED", "").status());
      approval.state = "LAPSED";
      approval.reason = "LAPSED";
    } else if (!approval.sent && IsPanelRole(*view->bundle->policy, approval.role)) {
      RETURN_IF_ERROR(AskElsewhere(approval, standing));
    }
  }
  return absl::OkStatus();
}

absl::Status Holder::AskElsewhere(const ApprovalRow& approval, const Standing& standing) {
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(approval.question)) return absl::DataLossError("a kept question does not parse");
  v1::AskApprovalRequest ask;
  ask.set_request_id(approval.approval_id);  // Asked again it is the same question.
  ASSIGN_OR_RETURN(*ask.mutable_question(),
                   SignMessage(kApprovalQuestionType, question, context_.identity.signing->key));
  const absl::Status asked = context_.broker.AskApproval(ask).status();
  if (WorthRetrying(asked)) return asked;
  // Nobody can be asked elsewhere: somebody here may hold the role, else it lapses.
  if (!asked.ok())
    context_.log.Failure("an approver was not asked", asked,
                         {{"share", standing.row.request_id}, {"reason", ReasonOf(asked)}});
  return parts_.requests.MarkAsked(approval.approval_id);
}

absl::Status Holder::TakeApproval(const v1::SignedApproval& approval) {
  v1::ApprovalCommand said;
  if (!said.ParseFromString(approval.command().payload()))
    return absl::FailedPreconditionError("the approval is malformed");
  ASSIGN_OR_RETURN(const std::optional<ApprovalRow> row, parts_.requests.FindApproval(said.approval_id()));
  if (!row.has_value() || !row->own) return absl::NotFoundError("no such approval was asked for here");
  const KeyedLock::Hold hold(working_, row->request_id);
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(row->question)) return absl::DataLossError("a kept question does not parse");
  ASSIGN_OR_RETURN(const std::optional<HeldRow> held, parts_.requests.FindHeld(row->request_id));
  if (!held.has_value()) return absl::NotFoundError("no such request is held here");
  ASSIGN_OR_RETURN(const v1::HeldRequest details, Describe(*held));
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  const auto roots = context_.roots.get();
  ASSIGN_OR_RETURN(const v1::ApprovalCommand command,
                   CheckApproval(approval, question, details.acting_person(), roots->anchors, view->snapshot(),
                                 context_.clock.Now()));
  ASSIGN_OR_RETURN(const bool settled,
                   parts_.requests.SettleApproval(row->approval_id, command.approved() ? "APPROVED" : "REFUSED",
                                                  command.reason(), approval.SerializeAsString()));
  if (!settled) return absl::FailedPreconditionError("the approval was decided before");
  RETURN_IF_ERROR(
      context_.state.LogAccess(command.approver_person(), row->request_id, command.approved() ? "approve" : "refuse"));
  RETURN_IF_ERROR(parts_.requests.WakeHeld(row->request_id, context_.clock.Now()));
  context_.to_send.Ring();
  return absl::OkStatus();
}

absl::StatusOr<Holder::Preview> Holder::PreviewOf(const ApprovalRow& approval) {
  ASSIGN_OR_RETURN(const std::optional<HeldRow> row, parts_.requests.FindHeld(approval.request_id));
  if (!row.has_value()) return absl::NotFoundError("no such request is held here");
  ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(approval.request_id));
  if (!received.has_value()) return absl::NotFoundError("no such request is held here");
  ASSIGN_OR_RETURN(Standing standing, Load(*row, *received));
  RETURN_IF_ERROR(LookUp(standing));
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(approval.question)) return absl::DataLossError("a kept question does not parse");
  Preview preview{.justification = standing.inquiry.justification};
  for (const v1::ApprovedUnit& unit : question.proposed().units()) {
    const auto line = std::ranges::find(standing.decision.lines, unit.category(), &AnswerLine::category);
    if (line == standing.decision.lines.end() || line->form != unit.form())
      continue;  // Facts changed since: nothing would go out.
    v1::OpenedUnit& shown = preview.units.emplace_back();
    shown.set_subject(1);
    shown.set_role(standing.inquiry.selector.subjects(0).role());
    *shown.mutable_content() = line->content;
  }
  return preview;
}

}  // namespace derwent::agents
