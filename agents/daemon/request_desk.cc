#include "agents/daemon/request_desk.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/fault.h"
#include "agents/daemon/page.h"
#include "agents/sdk/messages.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

bool IsConsole(const LocalCaller& caller) { return caller.kind == trust::CallerKind::kConsole; }

absl::Status NoSuchRequest() { return Fault(absl::StatusCode::kNotFound, "REQUEST_UNKNOWN", "no such request here"); }

// Only a person agrees to anything, under a certificate of their own.
absl::Status CheckPerson(const LocalCaller& caller) {
  return IsConsole(caller) ? Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                                   "only a person may see and answer approvals")
                           : absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::SendCaseRequestResponse> RequestDesk::Send(const LocalCaller& caller,
                                                              v1::SendCaseRequestRequest request) {
  if (!IsConsole(caller)) request.set_acting_person(caller.name);
  ASSIGN_OR_RETURN(v1::SendCaseRequestResponse response, parts_.asker.Send(request));
  if (!request.validate_only())
    RETURN_IF_ERROR(context_.state.LogAccess(request.acting_person(), response.request_id(), "ask"));
  return response;
}

absl::StatusOr<AskedRow> RequestDesk::FindVisible(const LocalCaller& caller, const std::string& request_id) {
  ASSIGN_OR_RETURN(const std::optional<AskedRow> row, parts_.requests.FindAsked(request_id));
  if (!row.has_value()) return NoSuchRequest();
  if (IsConsole(caller)) return *row;
  ASSIGN_OR_RETURN(const bool visible, parts_.asker.MaySee(*row, caller.name));
  if (!visible) return NoSuchRequest();
  return *row;
}

absl::StatusOr<v1::ListSentRequestsResponse> RequestDesk::ListSent(const LocalCaller& caller,
                                                                   const v1::ListSentRequestsRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(const std::vector<AskedRow> rows, parts_.requests.ListAsked(page.before, page.size));
  v1::ListSentRequestsResponse response;
  for (const AskedRow& row : rows) {
    const bool own = IsConsole(caller) || row.acting_person == caller.name;
    ASSIGN_OR_RETURN(const bool visible, own ? absl::StatusOr<bool>(true) : parts_.asker.MaySee(row, caller.name));
    if (!visible) continue;
    ASSIGN_OR_RETURN(*response.add_requests(), parts_.asker.Describe(row));
  }
  if (rows.size() == static_cast<size_t>(page.size)) response.set_next_page_token(absl::StrCat(rows.back().row));
  return response;
}

absl::StatusOr<v1::ShowCaseRequestResponse> RequestDesk::Show(const LocalCaller& caller,
                                                              const v1::ShowCaseRequestRequest& request) {
  ASSIGN_OR_RETURN(const AskedRow row, FindVisible(caller, request.request_id()));
  v1::ShowCaseRequestResponse response;
  ASSIGN_OR_RETURN(*response.mutable_request(), parts_.asker.Describe(row));
  if (IsConsole(caller)) return response;
  ASSIGN_OR_RETURN(std::vector<v1::OpenedAnswer> answers, parts_.asker.OpenAnswers(row, caller.name));
  for (v1::OpenedAnswer& answer : answers) *response.add_answers() = std::move(answer);
  return response;
}

absl::StatusOr<v1::CancelCaseRequestResponse> RequestDesk::Cancel(const LocalCaller& caller,
                                                                  const v1::CancelCaseRequestRequest& request) {
  ASSIGN_OR_RETURN(const AskedRow row, FindVisible(caller, request.request_id()));
  if (!IsConsole(caller) && row.acting_person != caller.name)
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "only who asked may cancel");
  if (!request.reason().empty() && !IsWithdrawalReason(request.reason())) {
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
                 {{"reason", "must be a code of a withdrawal"}});
  }
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, row.request_id, "cancel"));
  return parts_.asker.Cancel(row, request.reason());
}

absl::StatusOr<v1::ListHeldRequestsResponse> RequestDesk::ListHeld(const LocalCaller& caller,
                                                                   const v1::ListHeldRequestsRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kSeeHeld, context_));
  ASSIGN_OR_RETURN(const Page page, PageOf(request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(const std::vector<HeldRow> rows, parts_.requests.ListHeld(page.before, page.size));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "list held"));
  v1::ListHeldRequestsResponse response;
  for (const HeldRow& row : rows) {
    ASSIGN_OR_RETURN(*response.add_requests(), parts_.holder.Describe(row));
  }
  if (rows.size() == static_cast<size_t>(page.size)) response.set_next_page_token(absl::StrCat(rows.back().row));
  return response;
}

absl::StatusOr<v1::ListApprovalsResponse> RequestDesk::ListApprovals(const LocalCaller& caller) {
  RETURN_IF_ERROR(CheckPerson(caller));
  return parts_.approver.List(caller.name);
}

absl::StatusOr<v1::ShowApprovalResponse> RequestDesk::ShowApproval(const LocalCaller& caller,
                                                                   const v1::ShowApprovalRequest& request) {
  RETURN_IF_ERROR(CheckPerson(caller));
  return parts_.approver.Show(caller.name, request.approval_id());
}

absl::StatusOr<v1::AnswerApprovalResponse> RequestDesk::AnswerApproval(const LocalCaller& caller,
                                                                       const v1::AnswerApprovalRequest& request) {
  RETURN_IF_ERROR(CheckPerson(caller));
  return parts_.approver.Answer(caller.name, request.approval());
}

}  // namespace derwent::agents
