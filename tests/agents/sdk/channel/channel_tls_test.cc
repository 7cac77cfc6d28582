// The channel against a real server over real TLS.
#include <atomic>
#include <filesystem>
#include <fstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

#include "agents/sdk/channel/channel.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"

namespace derwent::agents {
namespace {

using derwent::testing::IsOk;
using derwent::testing::StatusIs;
using derwent::testing::TestIdentity;
using ::testing::HasSubstr;

constexpr char kBroker[] = "spiffe://derwent.example/broker/one";

// Fails the first `failures` calls with `code`, then answers. Remembers what the caller sent beside the request.
class FlakyLedger final : public v1::LedgerService::Service {
 public:
  grpc::Status GetCheckpoint(grpc::ServerContext* context, const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    const auto header = context->client_metadata().find("x-correlation-id");
    if (header != context->client_metadata().end())
      correlation_id = std::string(header->second.data(), header->second.size());
    if (calls++ < failures) return grpc::Status(code, "not now", details);
    response->set_vkey("key");
    return grpc::Status::OK;
  }
  std::atomic<int> calls = 0;
  int failures = 0;
  grpc::StatusCode code = grpc::StatusCode::UNAVAILABLE;
  std::string details;
  std::string correlation_id;
};

class ChannelTlsTest : public ::testing::Test {
 protected:
  ChannelTlsTest() {
    std::filesystem::create_directories(folder_);
    const TestIdentity server = pki_.Issue(kBroker);
    const TestIdentity client = pki_.IssueFor("dfrs", "person", "p-1");
    Write("ca.pem", pki_.ca_pem());
    Write("me.pem", client.certificate_pem);
    Write("me.key", client.key_pem);
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = pki_.ca_pem();
    tls.pem_key_cert_pairs.push_back({server.key_pem, server.certificate_pem});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(tls), &port_).RegisterService(&ledger_);
    server_ = builder.BuildAndStart();
  }
  ~ChannelTlsTest() override {
    server_->Shutdown();
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  absl::StatusOr<v1::GetCheckpointResponse> Call(const std::string& peer, const CallOptions& options = {}) {
    const auto channel = Channel::Open({.target = "localhost:" + std::to_string(port_),
                                        .peer = peer,
                                        .ca_file = folder_ / "ca.pem",
                                        .certificate_file = folder_ / "me.pem",
                                        .key_file = folder_ / "me.key"});
    if (!channel.ok()) return channel.status();
    const auto stub = v1::LedgerService::NewStub((*channel)->grpc());
    return (*channel)->Call(*stub, &v1::LedgerService::Stub::GetCheckpoint, v1::GetCheckpointRequest(), options);
  }

  derwent::testing::TestPki pki_;
  FlakyLedger ledger_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ChannelTlsTest, CallsTheServerThatWasAskedForAndSendsTheCorrelationId) {
  ASSERT_THAT(Call(kBroker, {.correlation_id = "c-5"}), IsOk());
  EXPECT_EQ(ledger_.correlation_id, "c-5");
}

TEST_F(ChannelTlsTest, TalksToNoOtherServerOfTheSameAuthority) {
  const auto reply = Call("spiffe://derwent.example/broker/two", {.timeout = absl::Seconds(10)});
  EXPECT_THAT(reply.status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("expected `spiffe://derwent.example/broker/two`")));
  EXPECT_EQ(ledger_.calls, 0) << "nothing of the request may reach it";
}

TEST_F(ChannelTlsTest, TalksToNoServerOfAnotherAuthority) {
  Write("ca.pem", derwent::testing::TestPki().ca_pem());
  EXPECT_FALSE(Call(kBroker, {.timeout = absl::Seconds(10)}).ok());
  EXPECT_EQ(ledger_.calls, 0);
}

TEST_F(ChannelTlsTest, TriesAgainWhileUnavailable) {
  ledger_.failures = 2;
  EXPECT_THAT(Call(kBroker), IsOk());
  EXPECT_EQ(ledger_.calls, 3);
}

TEST_F(ChannelTlsTest, TriesNothingElseAgain) {
  ledger_.failures = 1;
  ledger_.code = grpc::StatusCode::ABORTED;
  EXPECT_THAT(Call(kBroker).status(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(ledger_.calls, 1);
}

TEST_F(ChannelTlsTest, KeepsTheServersDetails) {
  google::rpc::ErrorInfo why;
  why.set_reason("REQUEST_ID_REUSED");
  google::rpc::Status details;
  details.add_details()->PackFrom(why);
  ledger_.failures = 1;
  ledger_.code = grpc::StatusCode::ABORTED;
  ledger_.details = details.SerializeAsString();
  EXPECT_EQ(ReasonOf(Call(kBroker).status()), "REQUEST_ID_REUSED");
}

}  // namespace
}  // namespace derwent::agents
