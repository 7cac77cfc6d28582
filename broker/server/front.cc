#include "broker/server/front.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

#include "broker/rpc/audit_service.h"
#include "broker/rpc/emergency_service.h"
#include "broker/rpc/request_bounds.h"

namespace derwent::server {
namespace {

std::shared_ptr<grpc::ServerCredentials> Credentials(const Configuration& c) {
  // Files are read again within a second when they change, so certificates rotate without a restart.
  const auto provider =
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(c.key, c.certificate, c.ca, 1);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

class ServingFront final : public Front {
 public:
  ServingFront(const Configuration& configuration, rpc::Runner& runner, const std::string& log_vkey,
               rpc::Witnesses witnesses)
      : configuration_(configuration),
        referral_(runner),
        cases_(runner),
        case_requests_(runner),
        mailbox_(runner),
        audit_(runner),
        ledger_service_(runner, log_vkey),
        keys_(runner),
        registers_(runner),
        erasures_(runner),
        rights_(runner),
        policy_(runner),
        policy_changes_(runner),
        emergencies_(runner),
        health_(runner, *witnesses.restart),
        witness_service_(runner, std::move(witnesses)) {}

  absl::Status Serve() override {
    // Describes the contract, which is public, to whoever has a certificate of the consortium.
    if (configuration_.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(configuration_.listen, Credentials(configuration_), &port_);
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{
             &referral_, &cases_, &case_requests_, &mailbox_, &audit_, &ledger_service_, &keys_, &registers_,
             &erasures_, &rights_, &policy_, &policy_changes_, &emergencies_, &health_, &witness_service_}) {
      builder.RegisterService(service);
    }
    builder.SetMaxReceiveMessageSize(static_cast<int>(rpc::MostOctetsOfAny(configuration_.limits.share_octets)));
    grpc::ResourceQuota quota("derwent-broker");
    quota.Resize(configuration_.memory_octets);
    builder.SetResourceQuota(quota);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, configuration_.most_connection_streams);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               static_cast<int>(absl::ToInt64Milliseconds(configuration_.longest_connection)));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0)
      return absl::UnavailableError(absl::StrCat("cannot serve on `", configuration_.listen, "`"));
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  rpc::HealthService& health() override { return health_; }
  void ShutDown(absl::Duration grace) override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  }
  void Wait() override {
    if (server_ != nullptr) server_->Wait();
  }

 private:
  const Configuration& configuration_;
  rpc::ReferralService referral_;
  rpc::CaseService cases_;
  rpc::CaseRequestService case_requests_;
  rpc::MailboxService mailbox_;
  rpc::AuditService audit_;
  rpc::LedgerService ledger_service_;
  rpc::KeyService keys_;
  rpc::RegisterService registers_;
  rpc::ErasureService erasures_;
  rpc::RightsService rights_;
  rpc::PolicyService policy_;
  rpc::PolicyChangeService policy_changes_;
  rpc::EmergencyService emergencies_;
  rpc::HealthService health_;
  rpc::WitnessService witness_service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

std::unique_ptr<Front> Front::Make(const Configuration& configuration, rpc::Runner& runner, const std::string& log_vkey,
                                   rpc::Witnesses witnesses) {
  return std::make_unique<ServingFront>(configuration, runner, log_vkey, std::move(witnesses));
}

}  // namespace derwent::server
