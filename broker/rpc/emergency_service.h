#pragma once

#include "broker/rpc/runner.h"
#include "derwent/v1/emergency.grpc.pb.h"

namespace derwent::rpc {

class EmergencyService final : public v1::EmergencyService::CallbackService {
 public:
  explicit EmergencyService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* DeclareEmergency(grpc::CallbackServerContext*, const v1::DeclareEmergencyRequest*,
                                             v1::Emergency*) override;
  grpc::ServerUnaryReactor* ReviewEmergency(grpc::CallbackServerContext*, const v1::ReviewEmergencyRequest*,
                                            v1::Emergency*) override;
  grpc::ServerUnaryReactor* ListEmergencies(grpc::CallbackServerContext*, const v1::ListEmergenciesRequest*,
                                            v1::ListEmergenciesResponse*) override;

 private:
  Runner& runner_;
};

}  // namespace derwent::rpc
