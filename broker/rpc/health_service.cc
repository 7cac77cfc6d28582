#include "broker/exchange/command/refusal.h"
#include "broker/rpc/services.h"
#include "broker/witness/standing.h"

namespace derwent::rpc {
namespace {

bool Witnessed(const exchange::World& world, store::Reader& reader, absl::Time now) {
  if (world.quorum == nullptr) return true;
  const absl::StatusOr<witness::Standing> standing = witness::StandingOf(reader, *world.quorum, now);
  return standing.ok() && !standing->amber;
}

}  // namespace

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const grpc::health::v1::HealthCheckRequest* request,
                                               grpc::health::v1::HealthCheckResponse* response) {
  return runner_.Read(context, "Check",
                      [this, request, response](const exchange::Caller&, const exchange::World& world,
                                                store::Reader& reader) -> absl::Status {
                        const std::string& name = request->service();
                        const bool store_good = reader.GetLogState().ok();
                        const bool ledger_good = ledger_good_ && restart_.state() == witness::Restart::State::kOpen;
                        bool good = !draining_ && ledger_good && store_good;
                        if (name == "store")
                          good = store_good;
                        else if (name == "ledger")
                          good = ledger_good && store_good;
                        else if (name == "witnesses")
                          good = Witnessed(world, reader, runner_.parts().clock->Now());
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
