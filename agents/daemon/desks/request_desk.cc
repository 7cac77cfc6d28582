#include "agents/daemon/desks/request_desk.h"

#include <utility>

#include "agents/daemon/context/fault.h"
#include "agents/daemon/desks/page.h"
#include "agents/sdk/messages.h"
#include "agents/sdk/request_progress.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

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
  return parts_.asker.Send(request);
}

absl::StatusOr<AskedRow> RequestDesk::FindVisible(const LocalCaller& caller, const std::string& request_id) {
  ASSIGN_OR_RETURN(const std::optional<AskedRow> row, parts_.requests.FindAsked(request_id));
  if (!row.has_value()) return NoSuchRequest();
  if (IsConsole(caller)) return *row;
  Asker::KnownCases cases;
  ASSIGN_OR_RETURN(const bool visible, parts_.asker.MaySee(*row, caller.name, cases));
  if (!visible) return NoSuchRequest();
  return *row;
}

absl::StatusOr<v1::ListSentRequestsResponse> RequestDesk::ListSent(const LocalCaller& caller,
                                                                   const v1::ListSentRequestsRequest& request) {
  ASSIGN_OR_RETURN(const Page page,
                   Page::Of("sent requests", caller, request.page_size(), request.page_token(), context_));
  Asker::KnownCases cases;
  ASSIGN_OR_RETURN(const Filled<AskedRow> filled,
                   page.Fill([&](int64_t before, int limit) { return parts_.requests.ListAsked(before, limit); },
                             [&](const AskedRow& row) -> absl::StatusOr<bool> {
                               if (IsConsole(caller)) return true;
                               return parts_.asker.MaySee(row, caller.name, cases);
                             }));
  v1::ListSentRequestsResponse response;
  for (const AskedRow& row : filled.rows) {
    ASSIGN_OR_RETURN(*response.add_requests(), parts_.asker.Describe(row));
  }
  response.set_next_page_token(filled.next_page_token);
  return response;
}

absl::StatusOr<v1::ShowCaseRequestResponse> RequestDesk::Show(const LocalCaller& caller,
                                                              const v1::ShowCaseRequestRequest& request) {
  ASSIGN_OR_RETURN(const AskedRow row, FindVisible(caller, request.request_id()));
  v1::ShowCaseRequestResponse response;
  ASSIGN_OR_RETURN(*response.mutable_request(), parts_.asker.Describe(row));
  if (row.state == "REFUSED") {
    v1::SendCaseRequestResponse outcome;
    if (!outcome.ParseFromString(row.outcome)) return absl::DataLossError("a kept outcome does not parse");
    *response.mutable_decisions() = std::move(*outcome.mutable_decisions());
  }
  if (IsConsole(caller)) return response;
  ASSIGN_OR_RETURN(std::vector<v1::OpenedAnswer> answers, parts_.asker.OpenAnswers(row, caller.name));
  for (v1::OpenedAnswer& answer : answers) *response.add_answers() = std::move(answer);
  return response;
}

absl::StatusOr<v1::SentRequest> RequestDesk::Watch(const LocalCaller& caller,
                                                   const v1::WatchCaseRequestRequest& request,
                                                   const std::function<bool()>& wait_on) {
  while (true) {
    ASSIGN_OR_RETURN(const AskedRow row, FindVisible(caller, request.request_id()));
    ASSIGN_OR_RETURN(v1::SentRequest sent, parts_.asker.Describe(row));
    const bool over = sent.has_expire_time() && trust::FromTimestamp(sent.expire_time()) <= context_.clock.Now();
    if (over || !IsOutstanding(sent) || !wait_on()) return sent;
  }
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
  ASSIGN_OR_RETURN(const Page page,
                   Page::Of("held requests", caller, request.page_size(), request.page_token(), context_));
  ASSIGN_OR_RETURN(const Filled<HeldRow> filled,
                   page.Fill([&](int64_t before, int limit) { return parts_.requests.ListHeld(before, limit); },
                             [](const HeldRow&) -> absl::StatusOr<bool> { return true; }));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "list held"));
  v1::ListHeldRequestsResponse response;
  for (const HeldRow& row : filled.rows) {
    ASSIGN_OR_RETURN(*response.add_requests(), parts_.holder.Describe(row));
  }
  response.set_next_page_token(filled.next_page_token);
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
