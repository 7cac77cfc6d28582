#include "broker/rpc/emergency_service.h"

#include "broker/exchange/emergencies.h"
#include "broker/rpc/plain_rule.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {

using exchange::Caller;
using exchange::World;

grpc::ServerUnaryReactor* EmergencyService::DeclareEmergency(grpc::CallbackServerContext* context,
                                                             const v1::DeclareEmergencyRequest* request,
                                                             v1::Emergency* response) {
  return runner_.Command(context, "DeclareEmergency", response, Plain(exchange::DeclareEmergency, request, response));
}

grpc::ServerUnaryReactor* EmergencyService::ReviewEmergency(grpc::CallbackServerContext* context,
                                                            const v1::ReviewEmergencyRequest* request,
                                                            v1::Emergency* response) {
  return runner_.Command(context, "ReviewEmergency", response, Plain(exchange::ReviewEmergency, request, response));
}

grpc::ServerUnaryReactor* EmergencyService::ListEmergencies(grpc::CallbackServerContext* context,
                                                            const v1::ListEmergenciesRequest*,
                                                            v1::ListEmergenciesResponse* response) {
  return runner_.Read(context, "ListEmergencies",
                      [response](const Caller& caller, const World&, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(*response, exchange::ListEmergencies(caller, reader));
                        return absl::OkStatus();
                      });
}

}  // namespace derwent::rpc
