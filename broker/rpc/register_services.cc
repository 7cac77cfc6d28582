#include "broker/exchange/command/refusal.h"
#include "broker/exchange/registers/registers.h"
#include "broker/rpc/plain_rule.h"
#include "broker/rpc/receipts.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using exchange::Caller;
using exchange::World;

}  // namespace

grpc::ServerUnaryReactor* KeyService::PublishKeyEvent(grpc::CallbackServerContext* context,
                                                      const v1::PublishKeyEventRequest* request,
                                                      v1::PublishKeyEventResponse* response) {
  return runner_.Command(context, "PublishKeyEvent", response, Plain(exchange::PublishKeyEvent, request, response));
}

grpc::ServerUnaryReactor* KeyService::GetAgencyKeys(grpc::CallbackServerContext* context,
                                                    const v1::GetAgencyKeysRequest* request, v1::AgencyKeys* response) {
  store::Store& store = *runner_.parts().store;
  return runner_.Read(
      context, "GetAgencyKeys",
      [request, response, &store](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        if (!world.bundle->policy->organisations.contains(request->agency()))
          return exchange::Refuse(absl::StatusCode::kNotFound, "AGENCY_UNKNOWN",
                                  "no such agency in the policy in force");
        ASSIGN_OR_RETURN(*response, exchange::GetAgencyKeys(request->agency(), reader));
        return FillReceipts(*response, caller.agency(), nullptr, world, store);
      });
}

grpc::ServerUnaryReactor* RegisterService::ApplyDirectory(grpc::CallbackServerContext* context,
                                                          const v1::ApplyDirectoryRequest* request,
                                                          v1::ApplyDirectoryResponse* response) {
  return runner_.Command(context, "ApplyDirectory", response, Plain(exchange::ApplyDirectory, request, response));
}

grpc::ServerUnaryReactor* RegisterService::ApplyRestriction(grpc::CallbackServerContext* context,
                                                            const v1::ApplyRestrictionRequest* request,
                                                            v1::ApplyRestrictionResponse* response) {
  return runner_.Command(context, "ApplyRestriction", response, Plain(exchange::ApplyRestriction, request, response));
}

grpc::ServerUnaryReactor* RegisterService::ListDirectories(grpc::CallbackServerContext* context,
                                                           const v1::ListDirectoriesRequest* request,
                                                           v1::ListDirectoriesResponse* response) {
  return runner_.Read(context, "ListDirectories",
                      [request, response](const Caller&, const World& world, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(*response, exchange::ListDirectories(*request, world, reader));
                        return absl::OkStatus();
                      });
}

}  // namespace derwent::rpc
