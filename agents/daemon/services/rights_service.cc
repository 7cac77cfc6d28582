#include "agents/daemon/services/rights_service.h"

#include "agents/daemon/services/call.h"

namespace derwent::agents {

grpc::Status AgentRightsServiceGrpc::TellRights(grpc::ServerContext* call, const v1::TellRightsRequest* request,
                                                v1::TellRightsResponse* response) {
  return RunCall(door_, call, "TellRights", response,
                 [&](const LocalCaller& caller) { return desk_.Tell(caller, *request); });
}

grpc::Status AgentRightsServiceGrpc::ListRights(grpc::ServerContext* call, const v1::ListRightsRequest* request,
                                                v1::ListRightsResponse* response) {
  return RunCall(door_, call, "ListRights", response,
                 [&](const LocalCaller& caller) { return desk_.List(caller, *request); });
}

grpc::Status AgentRightsServiceGrpc::ShowRights(grpc::ServerContext* call, const v1::ShowRightsRequest* request,
                                                v1::ShowRightsResponse* response) {
  return RunCall(door_, call, "ShowRights", response,
                 [&](const LocalCaller& caller) { return desk_.Show(caller, *request); });
}

grpc::Status AgentRightsServiceGrpc::ReplyRights(grpc::ServerContext* call, const v1::ReplyRightsRequest* request,
                                                 v1::ReplyRightsResponse* response) {
  return RunCall(door_, call, "ReplyRights", response,
                 [&](const LocalCaller& caller) { return desk_.Reply(caller, *request); });
}

grpc::Status AgentRightsServiceGrpc::AllowRestricted(grpc::ServerContext* call,
                                                     const v1::AllowRestrictedRequest* request,
                                                     v1::AllowRestrictedResponse* response) {
  return RunCall(door_, call, "AllowRestricted", response,
                 [&](const LocalCaller& caller) { return desk_.Allow(caller, *request); });
}

}  // namespace derwent::agents
