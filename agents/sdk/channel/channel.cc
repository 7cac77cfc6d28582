#include "agents/sdk/channel/channel.h"

#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/channel_arguments.h"

#include "agents/sdk/channel/peer_check.h"
#include "trust/base/status_macros.h"
#include "trust/secret/random.h"

namespace derwent::agents {
namespace {

constexpr unsigned kCertificateRefreshSeconds = 1;

// Accepts the one server that was asked for, by its SPIFFE id. Synchronous; thread-safe.
class SpiffeVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit SpiffeVerifier(std::string expected) : expected_(std::move(expected)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    std::vector<absl::string_view> names;
    for (const grpc::string_ref& name : request->uri_names()) names.emplace_back(name.data(), name.size());
    const absl::Status status = CheckPeer(names, expected_);
    *sync_status =
        status.ok() ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(status.message()));
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string expected_;
};

absl::Status CheckReadable(absl::string_view what, const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError(absl::StrCat("no file given for the ", what));
  if (access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  if (errno == EACCES) return absl::PermissionDeniedError(absl::StrCat("cannot read the ", what, " `", path, "`"));
  return absl::NotFoundError(absl::StrCat("no file `", path, "` for the ", what));
}

absl::Status Check(const ChannelOptions& options) {
  if (options.target.empty()) return absl::InvalidArgumentError("no target to connect to");
  if (options.peer.empty()) return absl::InvalidArgumentError("no SPIFFE id to expect of the server");
  RETURN_IF_ERROR(CheckReadable("trusted roots", options.ca_file));
  RETURN_IF_ERROR(CheckReadable("certificate", options.certificate_file));
  return CheckReadable("key", options.key_file);
}

std::string ServiceConfig() {
  return absl::StrCat(R"({"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":)", kMaxCallAttempts,
                      R"(,"initialBackoff":"0.1s","maxBackoff":"2s","backoffMultiplier":2,)",
                      R"("retryableStatusCodes":["UNAVAILABLE"]}}]})");
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfig());
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const ChannelOptions& options) {
  using grpc::experimental::ExternalCertificateVerifier;
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.ca_file, kCertificateRefreshSeconds));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_verify_server_certs(true);
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(ExternalCertificateVerifier::Create<SpiffeVerifier>(options.peer));
  return grpc::experimental::TlsCredentials(tls);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Channel>> Channel::Open(const ChannelOptions& options) {
  RETURN_IF_ERROR(Check(options));
  auto channel = grpc::CreateCustomChannel(options.target, Credentials(options), Arguments());
  return std::unique_ptr<Channel>(new Channel(options.target, std::move(channel)));
}

std::string Channel::Prepare(grpc::ClientContext& context, const CallOptions& options) {
  std::string correlation_id = options.correlation_id;
  if (correlation_id.empty()) correlation_id = trust::SystemRandom().NewUuid().text();
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
  context.AddMetadata("x-correlation-id", correlation_id);
  if (!options.traceparent.empty()) context.AddMetadata("traceparent", options.traceparent);
  return correlation_id;
}

void Channel::Tell(grpc::ClientContext& context) const {
  if (gossip_ == nullptr) return;
  const std::string newest = gossip_->Newest();
  if (!newest.empty()) context.AddMetadata(Gossip::kMetadata, newest);
}

void Channel::Hear(const grpc::ClientContext& context) const {
  if (gossip_ == nullptr) return;
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto heard = trailing.find(Gossip::kMetadata);
  if (heard != trailing.end()) gossip_->Heard(std::string(heard->second.data(), heard->second.size()));
}

absl::Status Channel::ToAbsl(const grpc::Status& status, absl::string_view correlation_id) {
  if (status.ok()) return absl::OkStatus();
  return MakeRpcStatus(static_cast<absl::StatusCode>(status.error_code()), status.error_message(),
                       status.error_details(), correlation_id);
}

}  // namespace derwent::agents
