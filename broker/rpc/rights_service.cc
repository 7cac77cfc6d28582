#include <memory>

#include "broker/exchange/rights/rights.h"
#include "broker/exchange/rights/rights_check.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

// Checks form and signatures on a worker by `check`; `rule` then runs on the writer.
template <typename Request, typename Response, typename Checked>
Runner::Prepare Verified(absl::StatusOr<Checked> (*check)(const Caller&, const Request&, const World&, absl::Time),
                         absl::Status (*rule)(const Caller&, const Request&, const Checked&, Response&, Batch&),
                         const Request* request, Response* response, const Clock& clock) {
  return [=, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(Checked read, check(caller, *request, world, clock.Now()));
    const auto checked = std::make_shared<const Checked>(std::move(read));  // Shared: std::function copies.
    return Runner::Rule([rule, request, response, caller, checked](Batch& batch) {
      response->Clear();
      return rule(caller, *request, *checked, *response, batch);
    });
  };
}

}  // namespace

grpc::ServerUnaryReactor* RightsService::NotifyRights(grpc::CallbackServerContext* context,
                                                      const v1::NotifyRightsRequest* request,
                                                      v1::NotifyRightsResponse* response) {
  return runner_.Command(
      context, "NotifyRights", response,
      Verified(exchange::CheckNotices, exchange::NotifyRights, request, response, *runner_.parts().clock));
}

grpc::ServerUnaryReactor* RightsService::AnswerRights(grpc::CallbackServerContext* context,
                                                      const v1::AnswerRightsRequest* request,
                                                      v1::AnswerRightsResponse* response) {
  return runner_.Command(
      context, "AnswerRights", response,
      Verified(exchange::CheckRightsAnswer, exchange::AnswerRights, request, response, *runner_.parts().clock));
}

}  // namespace derwent::rpc
