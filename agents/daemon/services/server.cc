#include "agents/daemon/services/server.h"

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server_builder.h"

#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr unsigned kCertificateRefreshSeconds = 1;
constexpr std::chrono::seconds kDrainTime{3};

std::shared_ptr<grpc::ServerCredentials> Credentials(const AgentConfig& config) {
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      config.tls_key, config.tls_certificate, config.anchors.ca, kCertificateRefreshSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

void Bound(const LocalLimits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(limits.call_octets);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.connection_calls);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  grpc::ResourceQuota quota("derwent-agent");
  quota.Resize(static_cast<size_t>(limits.memory_octets));
  quota.SetMaxThreads(limits.threads);
  builder.SetResourceQuota(quota);
}

bool OnLoopback(const std::string& address) {
  return absl::StartsWith(address, "127.0.0.1:") || absl::StartsWith(address, "localhost:");
}

}  // namespace

LocalServer::LocalServer(const AgentConfig& config, AgentDaemon& daemon)
    : currency_(daemon.anchors(), daemon.upkeep()),
      door_(daemon.context(), currency_, config.limits),
      service_(door_, daemon.desk()),
      requests_(door_, daemon.requests()),
      emergencies_(door_, daemon.emergencies()),
      audit_(door_, daemon.audit()),
      rights_(door_, daemon.rights()),
      health_([this, &daemon] { return !draining_ && daemon.context().policy.view() != nullptr; },
              [&daemon] { return daemon.ReadsSystem(); }) {}

LocalServer::~LocalServer() { Stop(); }

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(const AgentConfig& config, AgentDaemon& daemon) {
  std::unique_ptr<LocalServer> local(new LocalServer(config, daemon));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(config.listen, Credentials(config), &local->port_);
  Bound(config.limits, builder);
  builder.RegisterService(&local->service_);
  builder.RegisterService(&local->requests_);
  builder.RegisterService(&local->emergencies_);
  builder.RegisterService(&local->audit_);
  builder.RegisterService(&local->rights_);
  builder.RegisterService(&local->health_);
  local->server_ = builder.BuildAndStart();
  if (local->server_ == nullptr || local->port_ == 0)
    return absl::UnavailableError(absl::StrCat("cannot listen on `", config.listen, "`"));
  if (!config.metrics_listen.empty()) {
    if (!OnLoopback(config.metrics_listen)) return absl::InvalidArgumentError("`metrics_listen` must be on loopback");
    try {  // The metrics library throws when it cannot bind; nothing else here does.
      local->exposer_ = std::make_unique<prometheus::Exposer>(config.metrics_listen, 1);
    } catch (const std::exception&) {
      return absl::UnavailableError(absl::StrCat("cannot listen on `", config.metrics_listen, "` for metrics"));
    }
    local->exposer_->RegisterCollectable(daemon.context().metrics.registry());
    if (!config.metrics_port_file.empty()) {
      RETURN_IF_ERROR(
          WriteDurably(config.metrics_port_file, absl::StrCat(local->exposer_->GetListeningPorts().front(), "\n")));
    }
  }
  if (!config.port_file.empty()) RETURN_IF_ERROR(WriteDurably(config.port_file, absl::StrCat(local->port_, "\n")));
  return local;
}

void LocalServer::Stop() {
  draining_ = true;
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + kDrainTime);
}

}  // namespace derwent::agents
