#include "agents/daemon/service.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agents/daemon/fault.h"

namespace derwent::agents {
namespace {

constexpr size_t kLongestCorrelationId = 128;

std::string CertificateOf(const grpc::ServerContext& call) {
  const auto found = call.auth_context()->FindPropertyValues("x509_pem_cert");
  return found.empty() ? "" : std::string(found.front().data(), found.front().size());
}

// The caller's own id when it is a plain one, else a new one.
std::string CorrelationOf(const grpc::ServerContext& call, trust::Random& random) {
  const auto found = call.client_metadata().find("x-correlation-id");
  if (found == call.client_metadata().end() || found->second.size() > kLongestCorrelationId) return random.NewUuid().text();
  std::string id(found->second.data(), found->second.size());
  for (const char c : id) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') return random.NewUuid().text();
  }
  return id;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message()), FaultDetails(status)};
}

}  // namespace

template <typename Response, typename Work>
grpc::Status AgentServiceGrpc::Run(grpc::ServerContext* call, absl::string_view method, Response* response, Work work) {
  const absl::Time start = context_.clock.Now();
  const std::string correlation = CorrelationOf(*call, context_.random);
  call->AddTrailingMetadata("x-correlation-id", correlation);
  const absl::StatusOr<LocalCaller> caller = CallerOf(CertificateOf(*call), context_);
  absl::Status status = caller.status();
  std::string peer;
  if (caller.ok()) {
    peer = absl::StrCat(trust::CallerKindName(caller->kind), "/", caller->name);
    absl::StatusOr<Response> answer = work(*caller);
    status = answer.status();
    if (answer.ok()) *response = *std::move(answer);
  }
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string duration = absl::StrCat(absl::ToInt64Milliseconds(context_.clock.Now() - start));
  context_.metrics.CallHandled(method, code);
  context_.log.Write(status.ok() ? "info" : "error", "call", {{"method", method}, {"status", code}, {"duration", duration}, {"peer", peer},
                                                              {"correlation_id", correlation}, {"error", status.message()}});
  return ToGrpc(status);
}

grpc::Status AgentServiceGrpc::PushReferral(grpc::ServerContext* call, const v1::PushReferralRequest* request, v1::PushReferralResponse* response) {
  return Run(call, "PushReferral", response, [&](const LocalCaller& caller) { return desk_.Push(caller, *request); });
}

grpc::Status AgentServiceGrpc::Withdraw(grpc::ServerContext* call, const v1::WithdrawRequest* request, v1::WithdrawResponse* response) {
  return Run(call, "Withdraw", response, [&](const LocalCaller& caller) { return desk_.Withdraw(caller, *request); });
}

grpc::Status AgentServiceGrpc::ListOutbox(grpc::ServerContext* call, const v1::ListOutboxRequest* request, v1::ListOutboxResponse* response) {
  return Run(call, "ListOutbox", response, [&](const LocalCaller& caller) { return desk_.ListOutbox(caller, *request); });
}

grpc::Status AgentServiceGrpc::ListInbox(grpc::ServerContext* call, const v1::ListInboxRequest* request, v1::ListInboxResponse* response) {
  return Run(call, "ListInbox", response, [&](const LocalCaller& caller) { return desk_.ListInbox(caller, *request); });
}

grpc::Status AgentServiceGrpc::OpenReferral(grpc::ServerContext* call, const v1::OpenReferralRequest* request, v1::ReceivedReferral* response) {
  return Run(call, "OpenReferral", response, [&](const LocalCaller& caller) { return desk_.Open(caller, *request); });
}

grpc::Status AgentServiceGrpc::ReportReceived(grpc::ServerContext* call, const v1::ReportReceivedRequest* request, v1::ReportReceivedResponse* response) {
  return Run(call, "ReportReceived", response, [&](const LocalCaller& caller) { return desk_.Report(caller, *request); });
}

grpc::Status AgentServiceGrpc::ComputeReferences(grpc::ServerContext* call, const v1::ComputeReferencesRequest* request,
                                                 v1::ComputeReferencesResponse* response) {
  return Run(call, "ComputeReferences", response, [&](const LocalCaller& caller) { return desk_.References(caller, *request); });
}

grpc::Status AgentServiceGrpc::Restrict(grpc::ServerContext* call, const v1::RestrictRequest* request, v1::RestrictResponse* response) {
  return Run(call, "Restrict", response, [&](const LocalCaller& caller) { return desk_.Restrict(caller, *request); });
}

grpc::Status AgentServiceGrpc::GetAgentStatus(grpc::ServerContext* call, const v1::GetAgentStatusRequest*, v1::AgentStatus* response) {
  return Run(call, "GetAgentStatus", response, [&](const LocalCaller& caller) { return desk_.Status(caller); });
}

grpc::Status AgentHealth::Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request, grpc::health::v1::HealthCheckResponse* response) {
  if (!request->service().empty() && request->service() != "derwent.v1.AgentService") return {grpc::StatusCode::NOT_FOUND, "no such service"};
  response->set_status(serving_() ? grpc::health::v1::HealthCheckResponse::SERVING : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  return grpc::Status::OK;
}

}  // namespace derwent::agents
