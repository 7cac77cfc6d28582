#pragma once

#include "broker/rpc/bounded_service.h"
#include "broker/rpc/runner.h"
#include "derwent/v1/emergency.grpc.pb.h"

namespace derwent::rpc {

class EmergencyService final : public BoundedService<EmergencyService, v1::EmergencyService> {
 public:
  explicit EmergencyService(Runner& runner) : BoundedService(runner) {
    Bind("DeclareEmergency", &EmergencyService::DeclareEmergency);
    Bind("ReviewEmergency", &EmergencyService::ReviewEmergency);
    Bind("ListEmergencies", &EmergencyService::ListEmergencies);
  }
  grpc::ServerUnaryReactor* DeclareEmergency(grpc::CallbackServerContext*, const v1::DeclareEmergencyRequest*,
                                             v1::Emergency*) override;
  grpc::ServerUnaryReactor* ReviewEmergency(grpc::CallbackServerContext*, const v1::ReviewEmergencyRequest*,
                                            v1::Emergency*) override;
  grpc::ServerUnaryReactor* ListEmergencies(grpc::CallbackServerContext*, const v1::ListEmergenciesRequest*,
                                            v1::ListEmergenciesResponse*) override;
};

}  // namespace derwent::rpc
