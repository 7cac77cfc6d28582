#include "broker/exchange/cases/cases.h"
#include "broker/rpc/plain_rule.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {

using exchange::Caller;
using exchange::World;

grpc::ServerUnaryReactor* CaseService::OpenCase(grpc::CallbackServerContext* context,
                                                const v1::OpenCaseRequest* request, v1::Case* response) {
  return runner_.Command(context, "OpenCase", response, Plain(exchange::OpenCase, request, response));
}

grpc::ServerUnaryReactor* CaseService::ChangeCaseMember(grpc::CallbackServerContext* context,
                                                        const v1::ChangeCaseMemberRequest* request,
                                                        v1::Case* response) {
  return runner_.Command(context, "ChangeCaseMember", response, Plain(exchange::ChangeCaseMember, request, response));
}

grpc::ServerUnaryReactor* CaseService::CloseCase(grpc::CallbackServerContext* context,
                                                 const v1::CloseCaseRequest* request, v1::Case* response) {
  return runner_.Command(context, "CloseCase", response, Plain(exchange::CloseCase, request, response));
}

grpc::ServerUnaryReactor* CaseService::GetCase(grpc::CallbackServerContext* context, const v1::GetCaseRequest* request,
                                               v1::Case* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Read(
      context, "GetCase",
      [request, response, &clock](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(*response, exchange::GetCase(caller, *request, world, clock.Now(), reader));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* CaseService::ListCases(grpc::CallbackServerContext* context,
                                                 const v1::ListCasesRequest* request, v1::ListCasesResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Read(
      context, "ListCases",
      [request, response, &clock](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(*response, exchange::ListCases(caller, *request, world, clock.Now(), reader));
        return absl::OkStatus();
      });
}

}  // namespace derwent::rpc
