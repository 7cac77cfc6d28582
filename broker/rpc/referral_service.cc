#include <memory>

#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/referral/referrals.h"
#include "broker/rpc/plain_rule.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

}  // namespace

grpc::ServerUnaryReactor* ReferralService::PlanReferral(grpc::CallbackServerContext* context,
                                                        const v1::PlanReferralRequest* request,
                                                        v1::PlanReferralResponse* response) {
  return runner_.Command(context, "PlanReferral", response, Plain(exchange::PlanReferral, request, response));
}

grpc::ServerUnaryReactor* ReferralService::SubmitReferral(grpc::CallbackServerContext* context,
                                                          const v1::SubmitReferralRequest* request,
                                                          v1::SubmitReferralResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Command(
      context, {"SubmitReferral", request}, response,
      [request, response, &clock](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
        ASSIGN_OR_RETURN(exchange::CheckedShare checked, exchange::CheckShare(caller, *request, world, clock.Now()));
        const auto share =
            std::make_shared<const exchange::CheckedShare>(std::move(checked));  // Shared: std::function copies.
        return Runner::Rule([request, response, caller, share](Batch& batch) {
          response->Clear();
          return exchange::SubmitReferral(caller, *request, *share, *response, batch);
        });
      });
}

grpc::ServerUnaryReactor* ReferralService::GetReferral(grpc::CallbackServerContext* context,
                                                       const v1::GetReferralRequest* request, v1::Referral* response) {
  return runner_.Read(context, "GetReferral",
                      [request, response](const Caller& caller, const World&, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(*response, exchange::GetReferral(caller, *request, reader));
                        return absl::OkStatus();
                      });
}

grpc::ServerUnaryReactor* ReferralService::ListReferrals(grpc::CallbackServerContext* context,
                                                         const v1::ListReferralsRequest* request,
                                                         v1::ListReferralsResponse* response) {
  return runner_.Read(context, "ListReferrals",
                      [request, response](const Caller& caller, const World&, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(*response, exchange::ListReferrals(caller, *request, reader));
                        return absl::OkStatus();
                      });
}

grpc::ServerUnaryReactor* ReferralService::ReportProgress(grpc::CallbackServerContext* context,
                                                          const v1::ReportProgressRequest* request,
                                                          v1::ReportProgressResponse* response) {
  return runner_.Command(context, "ReportProgress", response, Plain(exchange::ReportProgress, request, response));
}

grpc::ServerUnaryReactor* ReferralService::WithdrawReferral(grpc::CallbackServerContext* context,
                                                            const v1::WithdrawReferralRequest* request,
                                                            v1::WithdrawReferralResponse* response) {
  return runner_.Command(context, "WithdrawReferral", response, Plain(exchange::WithdrawReferral, request, response));
}

grpc::ServerUnaryReactor* ReferralService::SendNotice(grpc::CallbackServerContext* context,
                                                      const v1::SendNoticeRequest* request,
                                                      v1::SendNoticeResponse* response) {
  return runner_.Command(context, "SendNotice", response, Plain(exchange::SendNotice, request, response));
}

}  // namespace derwent::rpc
