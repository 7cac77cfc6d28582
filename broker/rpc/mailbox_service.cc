#include <algorithm>

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"
#include "trust/signature/payload_types.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

constexpr int kDefaultDeliveries = 16;
constexpr int kMostDeliveries = 64;
constexpr absl::Duration kLongestWait = absl::Seconds(25);

absl::Duration WaitOf(const v1::CollectRequest& request) {
  return absl::Seconds(request.wait().seconds()) + absl::Nanoseconds(request.wait().nanos());
}

}  // namespace

grpc::ServerUnaryReactor* MailboxService::Collect(grpc::CallbackServerContext* context,
                                                  const v1::CollectRequest* request, v1::CollectResponse* response) {
  const auto prepare = [request, response](const Caller& caller, const World&) -> absl::StatusOr<Runner::Rule> {
    exchange::Violations violations;
    violations.Require(request->max_deliveries() >= 0 && request->max_deliveries() <= kMostDeliveries, "max_deliveries",
                       "is 0 to 64");
    violations.Require(WaitOf(*request) >= absl::ZeroDuration() && WaitOf(*request) <= kLongestWait, "wait",
                       "is 0 to 25 s");
    RETURN_IF_ERROR(violations.ToStatus());
    const int most = request->max_deliveries() == 0 ? kDefaultDeliveries : request->max_deliveries();
    return Runner::Rule([response, caller, most](Batch& batch) {
      response->Clear();
      return exchange::Collect(caller, most, *response, batch);
    });
  };
  const Runner::Polling polling{.wait = std::clamp(WaitOf(*request), absl::ZeroDuration(), kLongestWait),
                                .waits = runner_.parts().waits};
  return runner_.LongPoll(context, "Collect", response, polling, prepare,
                          [response] { return response->deliveries().empty(); });
}

grpc::ServerUnaryReactor* MailboxService::Acknowledge(grpc::CallbackServerContext* context,
                                                      const v1::AcknowledgeRequest* request,
                                                      v1::AcknowledgeResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Command(
      context, {"Acknowledge", request}, response,
      [request, response, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
        if (request->has_acknowledgement()) {
          RETURN_IF_ERROR(exchange::CheckSigned(world, caller.agency(), request->acknowledgement(),
                                                trust::kAcknowledgementType, clock.Now()));
        }
        return Runner::Rule([request, response, caller](Batch& batch) {
          response->Clear();
          return exchange::Acknowledge(caller, *request, *response, batch);
        });
      });
}

}  // namespace derwent::rpc
