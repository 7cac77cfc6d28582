#include "broker/rpc/emergency_service.h"

#include <memory>
#include <utility>

#include "broker/exchange/emergency/emergencies.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

namespace {

// What persons signed is verified on a worker by `check`; `rule` then runs on the writer.
template <typename Request, typename Checked>
Runner::Prepare Signed(absl::StatusOr<Checked> (*check)(const Request&, const World&, absl::Time),
                       absl::Status (*rule)(const Caller&, const Request&, const Checked&, v1::Emergency&, Batch&),
                       const Request* request, v1::Emergency* response, const Clock& clock) {
  return [=, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(Checked read, check(*request, world, clock.Now()));
    const auto checked = std::make_shared<const Checked>(std::move(read));  // Shared: std::function copies.
    return Runner::Rule([=](Batch& batch) {
      response->Clear();
      return rule(caller, *request, *checked, *response, batch);
    });
  };
}

}  // namespace

grpc::ServerUnaryReactor* EmergencyService::DeclareEmergency(grpc::CallbackServerContext* context,
                                                             const v1::DeclareEmergencyRequest* request,
                                                             v1::Emergency* response) {
  return runner_.Command(
      context, "DeclareEmergency", response,
      Signed(exchange::CheckDeclaration, exchange::DeclareEmergency, request, response, *runner_.parts().clock));
}

grpc::ServerUnaryReactor* EmergencyService::ReviewEmergency(grpc::CallbackServerContext* context,
                                                            const v1::ReviewEmergencyRequest* request,
                                                            v1::Emergency* response) {
  return runner_.Command(
      context, "ReviewEmergency", response,
      Signed(exchange::CheckReview, exchange::ReviewEmergency, request, response, *runner_.parts().clock));
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
