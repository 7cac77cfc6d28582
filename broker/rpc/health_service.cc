#include "broker/exchange/refusal.h"
#include "broker/rpc/services.h"

namespace derwent::rpc {

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const grpc::health::v1::HealthCheckRequest* request,
                                               grpc::health::v1::HealthCheckResponse* response) {
  return runner_.Read(context, "Check",
                      [this, request, response](const exchange::Caller&, const exchange::World& world,
                                                store::Reader& reader) -> absl::Status {
                        const std::string& name = request->service();
                        const bool store_good = reader.GetLogState().ok();
                        bool good = !draining_ && ledger_good_ && store_good;
                        if (name == "store")
                          good = store_good;
                        else if (name == "ledger")
                          good = ledger_good_ && store_good;
                        else if (name == "policy")
                          good = world.reload_error.empty();
                        else if (!name.empty() && name != "derwent")
                          return exchange::Refuse(absl::StatusCode::kNotFound, "NOT_FOUND", "no such dependency");
                        response->set_status(good ? grpc::health::v1::HealthCheckResponse::SERVING
                                                  : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
                        return absl::OkStatus();
                      });
}

}  // namespace derwent::rpc
