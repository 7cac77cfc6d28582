#pragma once

#include "agents/daemon/desks/rights_desk.h"
#include "agents/daemon/services/door.h"
#include "derwent/v1/agent_rights.grpc.pb.h"

namespace derwent::agents {

// AgentRightsService over gRPC, as AgentServiceGrpc.
class AgentRightsServiceGrpc final : public v1::AgentRightsService::Service {
 public:
  AgentRightsServiceGrpc(Door& door, RightsDesk& desk) : door_(door), desk_(desk) {}

  grpc::Status TellRights(grpc::ServerContext* call, const v1::TellRightsRequest* request,
                          v1::TellRightsResponse* response) override;
  grpc::Status ListRights(grpc::ServerContext* call, const v1::ListRightsRequest* request,
                          v1::ListRightsResponse* response) override;
  grpc::Status ShowRights(grpc::ServerContext* call, const v1::ShowRightsRequest* request,
                          v1::ShowRightsResponse* response) override;
  grpc::Status ReplyRights(grpc::ServerContext* call, const v1::ReplyRightsRequest* request,
                           v1::ReplyRightsResponse* response) override;
  grpc::Status AllowRestricted(grpc::ServerContext* call, const v1::AllowRestrictedRequest* request,
                               v1::AllowRestrictedResponse* response) override;

 private:
  Door& door_;
  RightsDesk& desk_;
};

}  // namespace derwent::agents
