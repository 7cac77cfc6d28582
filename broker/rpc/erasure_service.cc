#include <memory>

#include "broker/exchange/erasure/erasure_check.h"
#include "broker/exchange/erasure/erasures.h"
#include "broker/rpc/plain_rule.h"
#include "broker/rpc/receipts.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

// Verifies a person's erasure command on a worker; `rule` then runs on the writer.
Runner::Prepare Commanded(absl::Status (*rule)(const Caller&, const exchange::CheckedErasure&, v1::Erasure&, Batch&),
                          const v1::SignedCommand* command, v1::Erasure* response, const Clock& clock) {
  return [rule, command, response, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(exchange::CheckedErasure read, exchange::CheckErasure(*command, world, clock.Now()));
    const auto checked =
        std::make_shared<const exchange::CheckedErasure>(std::move(read));  // Shared: std::function copies.
    return Runner::Rule([rule, response, caller, checked](Batch& batch) {
      response->Clear();
      return rule(caller, *checked, *response, batch);
    });
  };
}

}  // namespace

grpc::ServerUnaryReactor* ErasureService::ApplyHold(grpc::CallbackServerContext* context,
                                                    const v1::ApplyHoldRequest* request,
                                                    v1::ApplyHoldResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Command(
      context, "ApplyHold", response,
      [request, response, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
        ASSIGN_OR_RETURN(exchange::CheckedHold read, exchange::CheckHold(request->hold(), world, clock.Now()));
        const auto checked =
            std::make_shared<const exchange::CheckedHold>(std::move(read));  // Shared: std::function copies.
        return Runner::Rule([response, caller, checked](Batch& batch) {
          response->Clear();
          return exchange::ApplyHold(caller, *checked, *response, batch);
        });
      });
}

grpc::ServerUnaryReactor* ErasureService::RequestErasure(grpc::CallbackServerContext* context,
                                                         const v1::RequestErasureRequest* request,
                                                         v1::Erasure* response) {
  return runner_.Command(context, "RequestErasure", response,
                         Commanded(exchange::RequestErasure, &request->command(), response, *runner_.parts().clock));
}

grpc::ServerUnaryReactor* ErasureService::ApproveErasure(grpc::CallbackServerContext* context,
                                                         const v1::ApproveErasureRequest* request,
                                                         v1::Erasure* response) {
  return runner_.Command(context, "ApproveErasure", response,
                         Commanded(exchange::ApproveErasure, &request->command(), response, *runner_.parts().clock));
}

grpc::ServerUnaryReactor* ErasureService::ListErasures(grpc::CallbackServerContext* context,
                                                       const v1::ListErasuresRequest* request,
                                                       v1::ListErasuresResponse* response) {
  store::Store& store = *runner_.parts().store;
  const Clock& clock = *runner_.parts().clock;
  return runner_.Read(context, "ListErasures",
                      [request, response, &store, &clock](const Caller& caller, const World& world,
                                                          store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(*response, exchange::ListErasures(caller, *request, clock.Now(), reader));
                        return FillReceipts(*response, caller.agency(), nullptr, world, store);
                      });
}

grpc::ServerUnaryReactor* ErasureService::AttestErasure(grpc::CallbackServerContext* context,
                                                        const v1::AttestErasureRequest* request,
                                                        v1::AttestErasureResponse* response) {
  return runner_.Command(context, "AttestErasure", response, Plain(exchange::AttestErasure, request, response));
}

}  // namespace derwent::rpc
