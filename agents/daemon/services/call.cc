#include "agents/daemon/services/call.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/credentials.h"
#include "agents/daemon/context/fault.h"
#include "trust/base/status_macros.h"

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
  if (found == call.client_metadata().end() || found->second.size() > kLongestCorrelationId)
    return random.NewUuid().text();
  std::string id(found->second.data(), found->second.size());
  for (const char c : id) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.')
      return random.NewUuid().text();
  }
  return id;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message()), FaultDetails(status)};
}

}  // namespace

absl::StatusOr<LocalCaller> BeginCall(const AgentContext& context, grpc::ServerContext* call,
                                      std::string& correlation) {
  correlation = CorrelationOf(*call, context.random);
  call->AddTrailingMetadata("x-correlation-id", correlation);
  ASSIGN_OR_RETURN(LocalCaller caller, CallerOf(CertificateOf(*call), context));
  RETURN_IF_ERROR(KeepCredential(caller, context.state));
  return caller;
}

grpc::Status EndCall(const AgentContext& context, absl::string_view method, const absl::StatusOr<LocalCaller>& caller,
                     const std::string& correlation, absl::Time start, const absl::Status& status) {
  const std::string peer = caller.ok() ? absl::StrCat(trust::CallerKindName(caller->kind), "/", caller->name) : "";
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string duration = absl::StrCat(absl::ToInt64Milliseconds(context.clock.Now() - start));
  context.metrics.CallHandled(method, code);
  context.log.Write(status.ok() ? "info" : "error", "call",
                    {{"method", method},
                     {"status", code},
                     {"duration", duration},
                     {"peer", peer},
                     {"correlation_id", correlation},
                     {"error", status.message()}});
  return ToGrpc(status);
}

}  // namespace derwent::agents
