#include "agents/daemon/services/emergency_service.h"

#include "agents/daemon/services/call.h"

namespace derwent::agents {

grpc::Status AgentEmergencyServiceGrpc::RequestEmergency(grpc::ServerContext* call,
                                                         const v1::RequestEmergencyRequest* request,
                                                         v1::SendCaseRequestResponse* response) {
  return RunCall(door_, call, "RequestEmergency", response,
                 [&](const LocalCaller& caller) { return desk_.Request(caller, *request); });
}

}  // namespace derwent::agents
