// The whole broker over real mutual TLS.

#include <filesystem>
#include <fstream>
#include <future>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"

#include "broker/ledger/fsck.h"
#include "broker/ledger/tagger.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "derwent/v1/mailbox.grpc.pb.h"
#include "derwent/v1/message.pb.h"
#include "derwent/v1/policy_change.grpc.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "derwent/v1/referral.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/broker/server/running_broker.h"
#include "trust/message/timestamp.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"
#include "trust/secret/sha256.h"
#include "trust/signature/ed25519.h"
#include "trust/signature/payload_types.h"

namespace derwent::server {
namespace {

using exchange::kRecipient;
using exchange::kSender;

constexpr char kShare[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b01";
constexpr char kOther[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b02";

class ServerTest : public RunningBrokerTest {
 protected:
  v1::SubmitReferralResponse Submit(const std::string& share_id, const std::string& told = "0") {
    v1::SubmitReferralResponse response;
    Context context;
    EXPECT_EQ(
        Told(v1::ReferralService::NewStub(AgentChannel(kSender))->SubmitReferral(&context, Share(share_id), &response)),
        told);
    return response;
  }
  grpc::Status Collect(const std::shared_ptr<grpc::Channel>& channel, int wait_seconds, v1::CollectResponse& response) {
    v1::CollectRequest request;
    request.mutable_wait()->set_seconds(wait_seconds);
    Context context;
    return v1::MailboxService::NewStub(channel)->Collect(&context, request, &response);
  }
  // Collects in the background; a call that waits can be seen to, because the mailbox was empty before.
  std::future<std::pair<grpc::Status, absl::Duration>> CollectLater(const std::shared_ptr<grpc::Channel>& channel) {
    return std::async(std::launch::async, [this, channel] {
      const absl::Time start = absl::Now();
      v1::CollectResponse response;
      const grpc::Status status = Collect(channel, 20, response);
      return std::make_pair(status, absl::Now() - start);
    });
  }
  v1::GetActivePolicyResponse ActivePolicy() {
    v1::GetActivePolicyResponse response;
    Context context;
    EXPECT_EQ(Told(v1::PolicyService::NewStub(AgentChannel(kSender))->GetActivePolicy(&context, {}, &response)), "0");
    return response;
  }
  // Asks until it holds; fails after 10 s.
  bool Eventually(const std::function<bool()>& holds) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (absl::Now() < end) {
      if (holds()) return true;
    }
    return false;
  }
};

TEST_F(ServerTest, AShareGoesFromPlanToAcknowledgementAndTheLedgerVerifies) {
  Start();
  const v1::SubmitReferralResponse stored = Submit(kShare);
  ASSERT_EQ(stored.outcome(), v1::SUBMIT_OUTCOME_STORED) << stored.DebugString();
  EXPECT_NE(stored.receipts(0).tlog_proof(), "");
  v1::CollectResponse collected;
  ASSERT_EQ(Told(Collect(AgentChannel(kRecipient), 0, collected)), "0");
  ASSERT_EQ(collected.deliveries_size(), 1);
  const v1::Delivery& delivery = collected.deliveries(0);
  v1::Acknowledgement message;
  message.mutable_head()->set_share_id(kShare);
  message.mutable_head()->set_version(1);
  message.mutable_head()->set_from_agency(kRecipient);
  message.mutable_head()->set_to_agency(kSender);
  message.mutable_head()->set_sequence(1);
  *message.mutable_head()->mutable_create_time() = trust::ToTimestamp(absl::Now());
  message.set_manifest_digest(trust::Sha256(delivery.package().manifest().payload()).bytes());
  message.set_delivery_id(delivery.delivery_id());
  v1::AcknowledgeRequest request;
  request.set_request_id(kOther);
  request.set_delivery_id(delivery.delivery_id());
  *request.mutable_acknowledgement() =
      exchange::SignedWith(signing_.at(kRecipient), trust::kAcknowledgementType, message);
  v1::AcknowledgeResponse acknowledged;
  Context context;
  ASSERT_EQ(Told(v1::MailboxService::NewStub(AgentChannel(kRecipient))->Acknowledge(&context, request, &acknowledged)),
            "0");
  EXPECT_NE(acknowledged.receipt().tlog_proof(), "");
  v1::CollectResponse told;
  ASSERT_EQ(Told(Collect(AgentChannel(kSender), 0, told)), "0");
  ASSERT_EQ(told.deliveries_size(), 1);
  EXPECT_TRUE(told.deliveries(0).has_message());

  Context another;
  v1::GetCheckpointResponse checkpoint;
  ASSERT_EQ(Told(v1::LedgerService::NewStub(AgentChannel(kSender))->GetCheckpoint(&another, {}, &checkpoint)), "0");
  broker_->Stop();
  const auto report = ledger::Fsck(path("derwent.db"), trust::VerifierKey::Parse(checkpoint.vkey()).value());
  ASSERT_OK(report);
  EXPECT_EQ(report->broken, "");
}

// The policy is larger than what a stream may have sent unread: its answer leaves as fast as its reader takes it.
TEST_F(ServerTest, AnAnswerThatIsStillLeavingEndsWhenItsReaderIsRevoked) {
  Start();
  grpc::ChannelArguments slow;
  slow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  slow.SetMaxReceiveMessageSize(64 << 20);
  const auto channel = ChannelOf(agents_.at(kRecipient), slow);
  auto waiting = CollectLater(channel);
  grpc::GenericStub stub(channel);
  Context context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto next = [&] { return queue.Next(&tag, &ok) && ok; };
  const auto call = stub.PrepareCall(&context, "/derwent.v1.PolicyService/GetPolicyBundle", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(next());
  call->WriteLast(grpc::ByteBuffer(nullptr, 0), grpc::WriteOptions(), nullptr);
  ASSERT_TRUE(next());
  call->ReadInitialMetadata(nullptr);
  ASSERT_TRUE(next()) << "the answer has begun";
  Revoke({agents_.at(kRecipient).serial});
  EXPECT_EQ(Told(waiting.get().first), "16 CERTIFICATE_REVOKED") << "whoever waits is ended by the same look";
  grpc::ByteBuffer rest;
  call->Read(&rest, nullptr);
  EXPECT_FALSE(next()) << "it came whole, " << rest.Length() << " octets";
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED) << status.error_message();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

TEST_F(ServerTest, AWaitingCollectorGetsWhatComesAtOnce) {
  Start();
  auto waiting = CollectLater(AgentChannel(kRecipient));
  EXPECT_EQ(Submit(kShare).outcome(), v1::SUBMIT_OUTCOME_STORED);
  const auto [status, took] = waiting.get();
  EXPECT_EQ(Told(status), "0");
  EXPECT_LT(took, absl::Seconds(15)) << "it did not wait its time out";
}

TEST_F(ServerTest, ARevokedCallerIsCutOffWithinASecondLongPollsIncluded) {
  Start();
  const auto channel = AgentChannel(kRecipient);
  v1::CollectResponse empty;
  ASSERT_EQ(Told(Collect(channel, 0, empty)), "0");
  auto waiting = CollectLater(channel);
  Revoke({agents_[kRecipient].serial});
  const absl::Time revoked = absl::Now();
  const auto [status, took] = waiting.get();
  EXPECT_EQ(Told(status), "16 CERTIFICATE_REVOKED");
  EXPECT_LT(absl::Now() - revoked, absl::Seconds(1));
  EXPECT_EQ(Told(Collect(channel, 0, empty)), "16 CERTIFICATE_REVOKED") << "the same connection";
}

TEST_F(ServerTest, WhomARevokedAuthorityCertifiedIsCutOffWithinASecond) {
  Start();
  const auto channel = AgentChannel(kRecipient);
  v1::CollectResponse empty;
  ASSERT_EQ(Told(Collect(channel, 0, empty)), "0");
  auto waiting = CollectLater(channel);
  WriteFile("crl.pem", pki_.RootCrl({.serials = {pki_.authority_serial()}}) + pki_.Crl({}));
  const absl::Time revoked = absl::Now();
  const auto [status, took] = waiting.get();
  EXPECT_EQ(Told(status), "16 CERTIFICATE_REVOKED");
  EXPECT_LT(absl::Now() - revoked, absl::Seconds(1));
  EXPECT_EQ(Told(Collect(channel, 0, empty)), "16 CERTIFICATE_REVOKED") << "the same connection";
}

TEST_F(ServerTest, ARevocationAndABundleThatChangeTogetherBothComeIntoForce) {
  Start();
  const std::string before = ActivePolicy().policy_digest();
  const std::string gateways = path("policy/gateways.txtpb");
  std::ofstream(gateways, std::ios::app) << "\n# reviewed\n";
  SignBundle();
  Revoke({agents_[kRecipient].serial});
  EXPECT_TRUE(Eventually([&] { return ActivePolicy().policy_digest() == policy_digest_; }));
  EXPECT_NE(before, policy_digest_);
  v1::CollectResponse response;
  EXPECT_TRUE(
      Eventually([&] { return Told(Collect(AgentChannel(kRecipient), 0, response)) == "16 CERTIFICATE_REVOKED"; }));
}

TEST_F(ServerTest, ABundleThatLosesItsSignaturesIsNotTakenAndThatIsSaid) {
  Start();
  std::filesystem::remove_all(path("policy/signatures"));
  EXPECT_TRUE(Eventually([&] { return !ActivePolicy().reload_error().empty(); }));
  EXPECT_EQ(ActivePolicy().policy_digest(), policy_digest_) << "the last good one stays";
  EXPECT_EQ(Submit(kShare).outcome(), v1::SUBMIT_OUTCOME_STORED);
  SignBundle();
  EXPECT_TRUE(Eventually([&] { return ActivePolicy().reload_error().empty(); }));
}

TEST_F(ServerTest, ItRefusesToStartOnAPolicyThatTooFewSigned) {
  SignBundle(1);
  EXPECT_TRUE(absl::IsUnauthenticated(Broker::Start(MakeConfiguration()).status()));
}

TEST_F(ServerTest, ItRefusesToStartWithoutARevocationList) {
  WriteFile("crl.pem", "");
  EXPECT_FALSE(Broker::Start(MakeConfiguration()).ok());
}

TEST_F(ServerTest, APersonMaySearchTheLedgerAndNotSend) {
  Start();
  const auto channel = ChannelOf(pki_.IssueFor(kSender, "person", "p-dpo"));
  v1::SearchLedgerEntriesResponse found;
  Context search;
  ASSERT_EQ(Told(v1::LedgerService::NewStub(channel)->SearchLedgerEntries(&search, {}, &found)), "0");
  EXPECT_NE(found.query_receipt().tlog_proof(), "") << "the look itself is an entry";
  v1::SubmitReferralResponse response;
  Context submit;
  EXPECT_EQ(Told(v1::ReferralService::NewStub(channel)->SubmitReferral(&submit, Share(kShare), &response)),
            "7 ROLE_NOT_ENTITLED");
}

TEST_F(ServerTest, WhoeverTheConsortiumDoesNotKnowIsRefused) {
  Start();
  testing::TestPki strangers;
  v1::CollectResponse response;
  EXPECT_EQ(Collect(ChannelOf(strangers.IssueFor(kRecipient, "agent", "one")), 0, response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Told(Collect(ChannelOf(pki_.Issue("spiffe://elsewhere.example/agency/dfrs/agent/one")), 0, response)),
            "16 CALLER_UNKNOWN");
  EXPECT_EQ(
      Collect(grpc::CreateChannel("localhost:" + std::to_string(broker_->port()), grpc::InsecureChannelCredentials()),
              0, response)
          .error_code(),
      grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, ARefusedReadIsAnEntryAndAGrantedOneIsNone) {
  Start();
  ASSERT_EQ(Submit(kShare).outcome(), v1::SUBMIT_OUTCOME_STORED);
  const auto stub = v1::ReferralService::NewStub(AgentChannel(kSender));
  const auto read = [&](const std::string& agency, const char* share) {
    v1::GetReferralRequest request;
    request.set_name(absl::StrCat("agencies/", agency, "/referrals/", share));
    v1::Referral referral;
    Context context;
    return Told(stub->GetReferral(&context, request, &referral));
  };
  const auto entries = [&] {
    v1::GetCheckpointResponse checkpoint;
    Context context;
    EXPECT_EQ(Told(v1::LedgerService::NewStub(AgentChannel(kSender))->GetCheckpoint(&context, {}, &checkpoint)), "0");
    return trust::OpenCheckpoint(checkpoint.note(), trust::VerifierKey::Parse(checkpoint.vkey()).value()).value().size;
  };
  const uint64_t before = entries();
  EXPECT_EQ(read(kSender, kShare), "0");
  EXPECT_EQ(entries(), before);
  EXPECT_EQ(read(kSender, kOther), "5 SHARE_UNKNOWN");
  EXPECT_EQ(entries(), before + 1);
}

TEST_F(ServerTest, HealthIsToldByDependency) {
  Start();
  const auto stub = grpc::health::v1::Health::NewStub(AgentChannel(kSender));
  for (const char* name : {"", "store", "ledger", "policy"}) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(name);
    grpc::health::v1::HealthCheckResponse response;
    Context context;
    EXPECT_EQ(Told(stub->Check(&context, request, &response)), "0") << name;
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING) << name;
  }
}

// A broker that was started again and whose one witness has not spoken yet.
class AwaitingTest : public ServerTest {
 protected:
  void SetUp() override {
    Start();
    broker_->Stop();
    broker_.reset();
    std::string log_line;
    std::getline(std::ifstream(path("quorum.policy")) >> std::ws, log_line);
    const trust::Ed25519Key key = trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'w'))).value();
    const trust::VerifierKey witness =
        trust::VerifierKey::Make("dfrs.example/witness", trust::kNoteCosignature, key.public_key()).value();
    WriteFile("quorum.policy", absl::StrCat(log_line, "\nwitness dfrs ", witness.ToString(), "\nquorum dfrs\n"));
    Configuration configuration = MakeConfiguration();
    configuration.operator_agency = "dcc.community_safety";
    auto started = Broker::Start(std::move(configuration));
    ASSERT_OK(started);
    broker_ = *std::move(started);
  }
};

TEST_F(AwaitingTest, ARevocationIsInForceThoughNothingMayBeWritten) {
  const auto channel = AgentChannel(kRecipient);
  const auto read = [&] {
    v1::GetActivePolicyResponse response;
    Context context;
    return Told(v1::PolicyService::NewStub(channel)->GetActivePolicy(&context, {}, &response));
  };
  ASSERT_EQ(read(), "0");
  Revoke({agents_[kRecipient].serial});
  EXPECT_TRUE(Eventually([&] { return read() == "16 CERTIFICATE_REVOKED"; }));
}

TEST_F(AwaitingTest, ARefusalThatCannotBeEnteredIsNotTold) {
  v1::PolicyChange change;
  Context context;
  EXPECT_EQ(Told(v1::PolicyChangeService::NewStub(AgentChannel(kSender))->ProposePolicy(&context, {}, &change)),
            "14 WITNESSES_AWAITED");
}

TEST_F(ServerTest, WhatWasStoredIsThereAfterARestart) {
  Start();
  ASSERT_EQ(Submit(kShare).outcome(), v1::SUBMIT_OUTCOME_STORED);
  broker_->Stop();
  broker_.reset();
  auto again = Broker::Start(MakeConfiguration());
  ASSERT_OK(again);
  broker_ = *std::move(again);
  v1::CollectResponse collected;
  ASSERT_EQ(Told(Collect(AgentChannel(kRecipient), 0, collected)), "0") << "keys and directories were read again";
  ASSERT_EQ(collected.deliveries_size(), 1);
}

TEST_F(ServerTest, ItDoesNotStartWithoutAKeyThatItsIndexRestsOn) {
  Start();
  broker_->Stop();
  broker_.reset();
  Configuration configuration = MakeConfiguration();
  {
    const auto first = ledger::Tagger::Create(trust::SecretBytes(std::string(32, 'i'))).value();
    const auto store = store::OpenSqliteStore({.path = configuration.database, .max_readers = 1, .vfs = ""}).value();
    const auto transaction = store->Begin().value();
    ASSERT_OK(transaction->PutSetting("index_keys", first.key_ids().front()));
    ASSERT_OK(transaction->Commit());
  }
  WriteFile("next-index.key", std::string(32, 'j'));
  configuration.index_key = path("next-index.key");
  EXPECT_EQ(Broker::Start(configuration).status().code(), absl::StatusCode::kFailedPrecondition);
  configuration.earlier_index_keys = {path("index.key")};
  auto again = Broker::Start(configuration);
  ASSERT_OK(again);
  broker_ = *std::move(again);
  EXPECT_TRUE(Eventually([&] {
    const auto stub = v1::LedgerService::NewStub(AgentChannel(kSender));
    v1::LedgerEntry entry;
    grpc::Status read;
    for (int i = 0; read.ok() && entry.public_entry().step() != "index_key"; ++i) {
      Context context;
      v1::GetLedgerEntryRequest request;
      request.set_name("ledger/entries/" + std::to_string(i));
      read = stub->GetLedgerEntry(&context, request, &entry);
    }
    return read.ok();
  })) << "the change is entered";
}

TEST_F(ServerTest, StoppingEndsTheCollectorsThatWait) {
  Start();
  const auto channel = AgentChannel(kRecipient);
  v1::CollectResponse empty;
  ASSERT_EQ(Told(Collect(channel, 0, empty)), "0");
  auto waiting = CollectLater(channel);
  broker_->Stop();
  const auto [status, took] = waiting.get();
  EXPECT_FALSE(status.ok());
  EXPECT_LT(took, absl::Seconds(15)) << "it did not wait its time out";
}

}  // namespace
}  // namespace derwent::server
