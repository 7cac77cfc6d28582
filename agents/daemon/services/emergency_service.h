#pragma once

#include "agents/daemon/desks/emergency_desk.h"
#include "agents/daemon/services/door.h"
#include "derwent/v1/agent_emergency.grpc.pb.h"

namespace derwent::agents {

// AgentEmergencyService over gRPC, as AgentServiceGrpc.
class AgentEmergencyServiceGrpc final : public v1::AgentEmergencyService::Service {
 public:
  AgentEmergencyServiceGrpc(Door& door, EmergencyDesk& desk) : door_(door), desk_(desk) {}
  grpc::Status RequestEmergency(grpc::ServerContext* call, const v1::RequestEmergencyRequest* request,
                                v1::SendCaseRequestResponse* response) override;

 private:
  Door& door_;
  EmergencyDesk& desk_;
};

}  // namespace derwent::agents
