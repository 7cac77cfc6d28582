// What the holder asks its approvers, and what they say.
#include <algorithm>
#include <utility>

#include "agents/daemon/holding/holder.h"
#include "agents/daemon/holding/standing_approvals.h"
#include "agents/daemon/sending/asked_approvals.h"
#include "agents/daemon/sending/limited_access.h"
#include "agents/sdk/approval.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

absl::Status Holder::AskApprovers(Standing& standing) {
  const absl::Time now = context_.clock.Now();
  const auto view = context_.policy.view();
  const absl::Time due = ApprovalDue(*view->bundle->policy, now, LastSay(now, standing.expire_time));
  AnswerDecision open = standing.decision;
  std::erase_if(open.lines, [&](const AnswerLine& line) { return !IsPending(standing.details, line.category); });
  // Before the question is: an approver whom the record keeps out is not asked.
  if (standing.record.has_value())
    RETURN_IF_ERROR(KeepAccess(AccessTo(*standing.record), standing.row.request_id, context_));
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
      RETURN_IF_ERROR(AskElsewhere(approval, context_, parts_.requests));
    }
  }
  return absl::OkStatus();
}

absl::Time Holder::NextOf(const Standing& standing) const {
  const auto view = context_.policy.view();
  return NextDue(standing.approvals, *view->bundle->policy, context_.clock.Now(), standing.expire_time);
}

absl::Status Holder::TakeApproval(const v1::SignedApproval& approval, const ApprovalRow& row) {
  const KeyedLock::Hold hold(working_, row.request_id);
  ASSIGN_OR_RETURN(const std::optional<HeldRow> held, parts_.requests.FindHeld(row.request_id));
  if (!held.has_value()) return absl::NotFoundError("no such request is held here");
  ASSIGN_OR_RETURN(const v1::HeldRequest details, Describe(*held));
  RETURN_IF_ERROR(TakeSigned(approval, row, details.acting_person(), context_, parts_.requests));
  RETURN_IF_ERROR(parts_.requests.WakeHeld(row.request_id, context_.clock.Now()));
  context_.to_send.Ring();
  return absl::OkStatus();
}

absl::StatusOr<ApprovalPreview> Holder::PreviewOf(const ApprovalRow& approval) {
  ASSIGN_OR_RETURN(const std::optional<HeldRow> row, parts_.requests.FindHeld(approval.request_id));
  if (!row.has_value()) return absl::NotFoundError("no such request is held here");
  ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(approval.request_id));
  if (!received.has_value()) return absl::NotFoundError("no such request is held here");
  ASSIGN_OR_RETURN(Standing standing, Load(*row, *received));
  RETURN_IF_ERROR(LookUp(standing));
  v1::ApprovalQuestion question;
  if (!question.ParseFromString(approval.question)) return absl::DataLossError("a kept question does not parse");
  ApprovalPreview preview{.justification = standing.inquiry.justification};
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
