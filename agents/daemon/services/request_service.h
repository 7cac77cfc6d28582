#pragma once

#include "agents/daemon/desks/request_desk.h"
#include "agents/daemon/services/door.h"
#include "derwent/v1/agent_request.grpc.pb.h"

namespace derwent::agents {

// AgentRequestService over gRPC, as AgentServiceGrpc.
class AgentRequestServiceGrpc final : public v1::AgentRequestService::Service {
 public:
  AgentRequestServiceGrpc(Door& door, RequestDesk& desk) : door_(door), desk_(desk) {}

  grpc::Status SendCaseRequest(grpc::ServerContext* call, const v1::SendCaseRequestRequest* request,
                               v1::SendCaseRequestResponse* response) override;
  grpc::Status ListSentRequests(grpc::ServerContext* call, const v1::ListSentRequestsRequest* request,
                                v1::ListSentRequestsResponse* response) override;
  grpc::Status ShowCaseRequest(grpc::ServerContext* call, const v1::ShowCaseRequestRequest* request,
                               v1::ShowCaseRequestResponse* response) override;
  grpc::Status WatchCaseRequest(grpc::ServerContext* call, const v1::WatchCaseRequestRequest* request,
                                v1::SentRequest* response) override;
  grpc::Status CancelCaseRequest(grpc::ServerContext* call, const v1::CancelCaseRequestRequest* request,
                                 v1::CancelCaseRequestResponse* response) override;
  grpc::Status ListHeldRequests(grpc::ServerContext* call, const v1::ListHeldRequestsRequest* request,
                                v1::ListHeldRequestsResponse* response) override;
  grpc::Status ListApprovals(grpc::ServerContext* call, const v1::ListApprovalsRequest* request,
                             v1::ListApprovalsResponse* response) override;
  grpc::Status ShowApproval(grpc::ServerContext* call, const v1::ShowApprovalRequest* request,
                            v1::ShowApprovalResponse* response) override;
  grpc::Status AnswerApproval(grpc::ServerContext* call, const v1::AnswerApprovalRequest* request,
                              v1::AnswerApprovalResponse* response) override;

 private:
  Door& door_;
  RequestDesk& desk_;
};

}  // namespace derwent::agents
