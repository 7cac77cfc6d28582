#include "agents/daemon/services/door.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/credentials.h"
#include "agents/daemon/context/fault.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr size_t kLongestCorrelationId = 128;

// Those that plan at the broker, look through all that is kept, or open what was found: counted by the minute.
constexpr absl::string_view kDear[] = {"ComputeReferences", "FindCredential", "FindReceived", "ListEvidence",
                                       "ListHeldRequests",  "ListOpenings",   "PushReferral", "SendCaseRequest",
                                       "SignExport",        "TellRights"};

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

absl::Status TooMuch(absl::string_view rule, absl::string_view what, const AgentContext& context) {
  context.metrics.CallRefused(rule);
  return Fault(
      absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
      absl::StrCat("a person may make no more ", what, " (`limits.", rule, "` of this agent): try again later"));
}

}  // namespace

absl::StatusOr<LocalCaller> Door::Look(const grpc::ServerContext& call) {
  currency_.Ensure();
  return CallerOf(CertificateOf(call), context_);
}

Visit::Visit(Door& door, grpc::ServerContext* call, absl::string_view method)
    : door_(door),
      call_(call),
      method_(method),
      start_(door.context().clock.Now()),
      correlation_(CorrelationOf(*call, door.context().random)),
      caller_(Admit()) {}

Visit::~Visit() {
  if (!turn_of_.empty()) door_.quota().End(turn_of_);
}

absl::StatusOr<LocalCaller> Visit::Admit() {
  call_->AddTrailingMetadata("x-correlation-id", correlation_);
  ASSIGN_OR_RETURN(LocalCaller caller, door_.Look(*call_));
  RETURN_IF_ERROR(TakeTurn(caller));
  RETURN_IF_ERROR(KeepCredential(caller, door_.context().state));
  return caller;
}

absl::Status Visit::TakeTurn(const LocalCaller& caller) {
  if (caller.kind != trust::CallerKind::kPerson) return absl::OkStatus();
  const AgentContext& context = door_.context();
  if (!door_.quota().Begin(caller.name)) return TooMuch("calls_at_once", "calls at once", context);
  turn_of_ = caller.name;
  const bool dear = std::find(std::begin(kDear), std::end(kDear), method_) != std::end(kDear);
  if (dear && !door_.quota().TakeDear(caller.name, context.clock.Now()))
    return TooMuch("dear_calls_a_minute", "dear calls in a minute", context);
  return absl::OkStatus();
}

grpc::Status Visit::End(const absl::Status& status) const {
  const std::string peer = caller_.ok() ? absl::StrCat(trust::CallerKindName(caller_->kind), "/", caller_->name) : "";
  const std::string code = absl::StatusCodeToString(status.code());
  const AgentContext& context = door_.context();
  const std::string duration = absl::StrCat(absl::ToInt64Milliseconds(context.clock.Now() - start_));
  context.metrics.CallHandled(method_, code);
  context.log.Write(status.ok() ? "info" : "error", "call",
                    {{"method", method_},
                     {"status", code},
                     {"duration", duration},
                     {"peer", peer},
                     {"correlation_id", correlation_},
                     {"error", status.message()}});
  return ToGrpc(status);
}

}  // namespace derwent::agents
