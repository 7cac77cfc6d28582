#include "agents/daemon/services/request_service.h"

#include "agents/daemon/services/call.h"
#include "agents/daemon/services/patience.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

grpc::Status AgentRequestServiceGrpc::SendCaseRequest(grpc::ServerContext* call,
                                                      const v1::SendCaseRequestRequest* request,
                                                      v1::SendCaseRequestResponse* response) {
  return RunCall(door_, call, "SendCaseRequest", response,
                 [&](const LocalCaller& caller) { return desk_.Send(caller, *request); });
}

grpc::Status AgentRequestServiceGrpc::ListSentRequests(grpc::ServerContext* call,
                                                       const v1::ListSentRequestsRequest* request,
                                                       v1::ListSentRequestsResponse* response) {
  return RunCall(door_, call, "ListSentRequests", response,
                 [&](const LocalCaller& caller) { return desk_.ListSent(caller, *request); });
}

grpc::Status AgentRequestServiceGrpc::ShowCaseRequest(grpc::ServerContext* call,
                                                      const v1::ShowCaseRequestRequest* request,
                                                      v1::ShowCaseRequestResponse* response) {
  return RunCall(door_, call, "ShowCaseRequest", response,
                 [&](const LocalCaller& caller) { return desk_.Show(caller, *request); });
}

grpc::Status AgentRequestServiceGrpc::WatchCaseRequest(grpc::ServerContext* call,
                                                       const v1::WatchCaseRequestRequest* request,
                                                       v1::SentRequest* response) {
  return RunCall(door_, call, "WatchCaseRequest", response,
                 [&](const LocalCaller& caller) -> absl::StatusOr<v1::SentRequest> {
                   ASSIGN_OR_RETURN(const Patience patience, Patience::Of(*call, request->wait_seconds()));
                   absl::Status still;  // Whether who waits may still come in.
                   absl::StatusOr<v1::SentRequest> sent = desk_.Watch(caller, *request, [&] {
                     if (!patience.WaitOn()) return false;
                     still = door_.Look(*call).status();
                     return still.ok();
                   });
                   if (!still.ok()) return still;
                   return sent;
                 });
}

grpc::Status AgentRequestServiceGrpc::CancelCaseRequest(grpc::ServerContext* call,
                                                        const v1::CancelCaseRequestRequest* request,
                                                        v1::CancelCaseRequestResponse* response) {
  return RunCall(door_, call, "CancelCaseRequest", response,
                 [&](const LocalCaller& caller) { return desk_.Cancel(caller, *request); });
}

grpc::Status AgentRequestServiceGrpc::ListHeldRequests(grpc::ServerContext* call,
                                                       const v1::ListHeldRequestsRequest* request,
                                                       v1::ListHeldRequestsResponse* response) {
  return RunCall(door_, call, "ListHeldRequests", response,
                 [&](const LocalCaller& caller) { return desk_.ListHeld(caller, *request); });
}

grpc::Status AgentRequestServiceGrpc::ListApprovals(grpc::ServerContext* call, const v1::ListApprovalsRequest*,
                                                    v1::ListApprovalsResponse* response) {
  return RunCall(door_, call, "ListApprovals", response,
                 [&](const LocalCaller& caller) { return desk_.ListApprovals(caller); });
}

grpc::Status AgentRequestServiceGrpc::ShowApproval(grpc::ServerContext* call, const v1::ShowApprovalRequest* request,
                                                   v1::ShowApprovalResponse* response) {
  return RunCall(door_, call, "ShowApproval", response,
                 [&](const LocalCaller& caller) { return desk_.ShowApproval(caller, *request); });
}

grpc::Status AgentRequestServiceGrpc::AnswerApproval(grpc::ServerContext* call,
                                                     const v1::AnswerApprovalRequest* request,
                                                     v1::AnswerApprovalResponse* response) {
  return RunCall(door_, call, "AnswerApproval", response,
                 [&](const LocalCaller& caller) { return desk_.AnswerApproval(caller, *request); });
}

}  // namespace derwent::agents
