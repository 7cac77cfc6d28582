#include "agents/daemon/sending/asked_approvals.h"

#include <algorithm>

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/sealing.h"
#include "agents/daemon/sending/limited_access.h"
#include "agents/sdk/approval.h"
#include "agents/sdk/channel/rpc_error.h"
#include "trust/base/status_macros.h"
#include "trust/message/envelope.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {

absl::Status AskElsewhere(ApprovalRow& approval, const AgentContext& context, RequestState& requests) {
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(approval.question)) return absl::DataLossError("a kept question does not parse");
  v1::AskApprovalRequest ask;
  ask.set_request_id(approval.approval_id);  // Asked again it is the same question.
  ASSIGN_OR_RETURN(*ask.mutable_question(),
                   trust::SignMessage(trust::kApprovalQuestionType, question, context.identity.keys->signing()->key));
  absl::Status asked = context.broker.AskApproval(ask).status();
  if (WorthRetrying(asked)) return asked;
  if (!asked.ok()) {
    context.log.Failure("an approver was not asked", asked,
                        {{"share", approval.request_id}, {"reason", ReasonOf(asked)}});
    if (!TookNoEffect(ReasonOf(asked))) {
      context.Alarm("APPROVER_NOT_ASKED", approval.request_id, "");
      return absl::OkStatus();
    }
  }
  approval.sent = true;
  return requests.MarkAsked(approval.approval_id);
}

absl::Time NextDue(const std::vector<ApprovalRow>& approvals, const policy::Policy& policy, absl::Time now,
                   absl::Time otherwise) {
  absl::Time next = otherwise;
  for (const ApprovalRow& row : approvals) {
    if (row.state != "WAITING") continue;
    const bool unsent = !row.sent && IsAskedElsewhere(policy, row.role);
    next = std::min({next, row.due, unsent ? now + kAskAgain : absl::InfiniteFuture()});
  }
  return next;
}

absl::Status TakeSigned(const v1::SignedApproval& signed_approval, const ApprovalRow& approval,
                        const std::string& wanted_by, const AgentContext& context, RequestState& requests) {
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(approval.question)) return absl::DataLossError("a kept question does not parse");
  const auto view = context.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  const auto roots = context.roots.get();
  ASSIGN_OR_RETURN(
      const v1::ApprovalCommand command,
      CheckApproval(signed_approval, question, wanted_by, roots->anchors, view->snapshot(), context.clock.Now()));
  ASSIGN_OR_RETURN(const bool may_see, MaySeeSent(command.approver_person(), approval.request_id, context));
  if (!may_see) return absl::PermissionDeniedError("the record keeps its approver out");
  ASSIGN_OR_RETURN(const bool settled,
                   requests.SettleApproval(approval.approval_id, command.approved() ? "APPROVED" : "REFUSED",
                                           command.reason(), signed_approval.SerializeAsString()));
  if (!settled) return absl::FailedPreconditionError("the approval was decided before");
  return context.state.LogAccess(command.approver_person(), approval.request_id,
                                 command.approved() ? "approve" : "refuse");
}

absl::Status LapseAll(const std::string& share_id, RequestState& requests) {
  ASSIGN_OR_RETURN(const std::vector<ApprovalRow> approvals, requests.ApprovalsOf(share_id));
  for (const ApprovalRow& approval : approvals)
    RETURN_IF_ERROR(requests.SettleApproval(approval.approval_id, "LAPSED", "LAPSED", "").status());
  return absl::OkStatus();
}

}  // namespace derwent::agents
