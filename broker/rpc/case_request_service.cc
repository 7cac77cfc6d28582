#include <memory>
#include <string>
#include <utility>

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/requests.h"
#include "broker/rpc/plain_rule.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

// What is prepared of a request on a worker, and used by its rule on the writer and after a refusal.
using SharePtr = std::shared_ptr<exchange::CheckedShare>;  // Shared: std::function copies.

template <typename Request, typename Response>
Runner::Prepare WithShare(absl::Status (*rule)(const Caller&, const Request&, const exchange::CheckedShare&, Response&,
                                               Batch&),
                          const Request* request, Response* response, const SharePtr& share, const Clock& clock) {
  return [=, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(*share, exchange::CheckShare(caller, *request, world, clock.Now()));
    return Runner::Rule([=](Batch& batch) {
      response->Clear();
      return rule(caller, *request, *share, *response, batch);
    });
  };
}

// A quota that was exceeded is entered and told, though the call is refused.
Runner::OnRefusal AfterQuota(Runner::Rule alarm) {
  return [alarm = std::move(alarm)](const absl::Status& why, Batch& batch) {
    return exchange::ReasonOf(why) == "QUOTA_EXCEEDED" ? alarm(batch) : absl::OkStatus();
  };
}

}  // namespace

grpc::ServerUnaryReactor* CaseRequestService::PlanCaseRequest(grpc::CallbackServerContext* context,
                                                              const v1::PlanCaseRequestRequest* request,
                                                              v1::PlanCaseRequestResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  const auto asker = std::make_shared<std::string>();  // Shared: std::function copies.
  const Runner::Prepare plan = Plain(exchange::PlanCaseRequest, request, response);
  return runner_.Command(
      context, "PlanCaseRequest", response,
      [asker, plan](const Caller& caller, const World& world) {
        *asker = caller.agency();
        return plan(caller, world);
      },
      [request, response, &clock](const Caller& caller, const World& world, store::Reader& reader) {
        return exchange::AddNextSteps(caller, *request, world, clock.Now(), reader, *response);
      },
      AfterQuota([asker, request](Batch& batch) { return exchange::AlarmQuota(*asker, *request, batch); }));
}

grpc::ServerUnaryReactor* CaseRequestService::SubmitCaseRequest(grpc::CallbackServerContext* context,
                                                                const v1::SubmitCaseRequestRequest* request,
                                                                v1::SubmitCaseRequestResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  const auto share = std::make_shared<exchange::CheckedShare>();
  return runner_.Command(
      context, {"SubmitCaseRequest", request}, response,
      WithShare(exchange::SubmitCaseRequest, request, response, share, clock),
      [share, response, &clock](const Caller&, const World& world, store::Reader& reader) {
        return exchange::AddNextSteps(*share, world, clock.Now(), reader, *response);
      },
      AfterQuota([share](Batch& batch) { return exchange::AlarmQuota(*share, batch); }));
}

grpc::ServerUnaryReactor* CaseRequestService::SubmitCaseAnswer(grpc::CallbackServerContext* context,
                                                               const v1::SubmitCaseAnswerRequest* request,
                                                               v1::SubmitCaseAnswerResponse* response) {
  const auto share = std::make_shared<exchange::CheckedShare>();
  return runner_.Command(context, {"SubmitCaseAnswer", request}, response,
                         WithShare(exchange::SubmitCaseAnswer, request, response, share, *runner_.parts().clock));
}

grpc::ServerUnaryReactor* CaseRequestService::AskApproval(grpc::CallbackServerContext* context,
                                                          const v1::AskApprovalRequest* request,
                                                          v1::AskApprovalResponse* response) {
  return runner_.Command(context, "AskApproval", response, Plain(exchange::AskApproval, request, response));
}

grpc::ServerUnaryReactor* CaseRequestService::GiveApproval(grpc::CallbackServerContext* context,
                                                           const v1::GiveApprovalRequest* request,
                                                           v1::GiveApprovalResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Command(
      context, {"GiveApproval", request}, response,
      [request, response, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
        ASSIGN_OR_RETURN(exchange::CheckedApproval checked,
                         exchange::CheckApproval(request->approval(), world, clock.Now()));
        const auto approval =
            std::make_shared<const exchange::CheckedApproval>(std::move(checked));  // Shared: std::function copies.
        return Runner::Rule([=](Batch& batch) {
          response->Clear();
          return exchange::GiveApproval(caller, *request, *approval, *response, batch);
        });
      });
}

grpc::ServerUnaryReactor* CaseRequestService::GetCaseRequest(grpc::CallbackServerContext* context,
                                                             const v1::GetCaseRequestRequest* request,
                                                             v1::CaseRequest* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Read(
      context, "GetCaseRequest",
      [request, response, &clock](const Caller& caller, const World&, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(*response, exchange::GetCaseRequest(caller, *request, clock.Now(), reader));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* CaseRequestService::ListCaseRequests(grpc::CallbackServerContext* context,
                                                               const v1::ListCaseRequestsRequest* request,
                                                               v1::ListCaseRequestsResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Read(
      context, "ListCaseRequests",
      [request, response, &clock](const Caller& caller, const World&, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(*response, exchange::ListCaseRequests(caller, *request, clock.Now(), reader));
        return absl::OkStatus();
      });
}

}  // namespace derwent::rpc
