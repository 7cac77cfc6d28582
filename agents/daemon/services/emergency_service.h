#pragma once

#include "agents/daemon/context/context.h"
#include "agents/daemon/desks/emergency_desk.h"
#include "derwent/v1/agent_emergency.grpc.pb.h"

namespace derwent::agents {

// AgentEmergencyService over gRPC, as AgentServiceGrpc.
class AgentEmergencyServiceGrpc final : public v1::AgentEmergencyService::Service {
 public:
  AgentEmergencyServiceGrpc(const AgentContext& context, EmergencyDesk& desk) : context_(context), desk_(desk) {}
  grpc::Status RequestEmergency(grpc::ServerContext* call, const v1::RequestEmergencyRequest* request,
                                v1::SendCaseRequestResponse* response) override;

 private:
  const AgentContext& context_;
  EmergencyDesk& desk_;
};

}  // namespace derwent::agents
