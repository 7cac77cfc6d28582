// Cases, requests and answers over real mutual TLS.

#include "absl/strings/str_replace.h"

#include "broker/ledger/fsck.h"
#include "derwent/v1/case.grpc.pb.h"
#include "derwent/v1/case_request.grpc.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "derwent/v1/mailbox.grpc.pb.h"
#include "tests/broker/server/running_broker.h"

namespace derwent::server {
namespace {

constexpr const char* kAsker = exchange::kRecipient;
constexpr const char* kHolder = exchange::kSender;
constexpr char kCase[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b10";
constexpr char kRequest[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b11";
constexpr char kSecond[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b12";
constexpr char kAnswer[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b13";

// The demo policy names no gateway for what fire asks of a county yet: here the power under which it is answered
// carries it.
class RequestServerTest : public RunningBrokerTest {
 protected:
  RequestServerTest() {
    const policy::Files files = policy::ReadBundleDirectory(path("policy")).value();
    WriteFile(
        "policy/gateways.txtpb",
        absl::StrReplaceAll(files.at("gateways.txtpb"), {{"to: \"fire\"", "to: \"fire\"\n  to: \"council_upper\""}}));
    SignBundle();
  }
  std::string OpenCase(const std::shared_ptr<grpc::Channel>& channel, v1::Case& opened) {
    v1::OpenCaseRequest request;
    request.set_request_id(kCase);
    request.set_profile("fire_safety");
    request.set_area("E07000034");
    request.add_members()->set_agency(kHolder);
    Context context;
    return Told(v1::CaseService::NewStub(channel)->OpenCase(&context, request, &opened));
  }
  std::string Ask(const std::string& id, v1::SubmitCaseRequestResponse& response) {
    v1::SubmitReferralRequest share =
        exchange::MakeShare({.share_id = id,
                             .now = absl::Now(),
                             .policy_digest = policy_digest_,
                             .sealing_key_id = sealing_.at(kHolder).key_id},
                            signing_.at(kAsker), [](v1::Manifest& m, v1::SenderStatement&) {
                              m.set_kind(v1::PACKAGE_KIND_SELECTOR);
                              m.set_sender_agency(kAsker);
                              m.set_recipient_agency(kHolder);
                              m.set_recipient_role("spoc");
                              m.set_case_id(kCase);
                              m.mutable_question()->set_acting_person(exchange::kPractitioner);
                              m.mutable_question()->set_role("practitioner");
                              for (const char* category : {"fire_risk", "identity"})
                                m.mutable_question()->add_categories(category);
                            });
    v1::SubmitCaseRequestRequest request;
    request.set_request_id(id);
    *request.mutable_submissions() = share.submissions();
    *request.mutable_references() = share.references();
    Context context;
    return Told(v1::CaseRequestService::NewStub(AgentChannel(kAsker))->SubmitCaseRequest(&context, request, &response));
  }
  std::string Answer(v1::SubmitCaseAnswerResponse& response) {
    v1::SubmitReferralRequest share =
        exchange::MakeShare({.share_id = kAnswer,
                             .now = absl::Now(),
                             .policy_digest = policy_digest_,
                             .sealing_key_id = sealing_.at(kAsker).key_id},
                            signing_.at(kHolder), [](v1::Manifest& m, v1::SenderStatement&) {
                              m.set_kind(v1::PACKAGE_KIND_ANSWER);
                              m.set_recipient_person(exchange::kPractitioner);
                              m.set_case_id(kCase);
                              m.set_reply_to_share_id(kRequest);
                            });
    v1::SubmitCaseAnswerRequest request;
    request.set_request_id(kAnswer);
    *request.mutable_submission() = share.submissions(0);
    Context context;
    return Told(v1::CaseRequestService::NewStub(AgentChannel(kHolder))->SubmitCaseAnswer(&context, request, &response));
  }
  v1::CollectResponse Collect(const std::string& agency) {
    v1::CollectResponse response;
    Context context;
    EXPECT_EQ(Told(v1::MailboxService::NewStub(AgentChannel(agency))->Collect(&context, {}, &response)), "0");
    return response;
  }
};

TEST_F(RequestServerTest, ARequestGoesFromItsCaseToItsAnswerAndTheLedgerVerifies) {
  Start();
  v1::Case opened;
  ASSERT_EQ(OpenCase(ChannelOf(pki_.IssueFor(kAsker, "person", "p-spoc")), opened), "0");
  EXPECT_NE(opened.receipt().tlog_proof(), "");
  v1::SubmitCaseRequestResponse stored;
  ASSERT_EQ(Ask(kRequest, stored), "0");
  ASSERT_EQ(stored.outcome(), v1::SUBMIT_OUTCOME_STORED) << stored.DebugString();
  EXPECT_NE(stored.receipts(0).tlog_proof(), "");
  ASSERT_EQ(Collect(kHolder).deliveries(0).package().units_size(), 2);
  v1::SubmitCaseAnswerResponse answered;
  ASSERT_EQ(Answer(answered), "0");
  ASSERT_EQ(answered.outcome(), v1::SUBMIT_OUTCOME_STORED) << answered.DebugString();
  EXPECT_NE(answered.receipt().tlog_proof(), "");
  EXPECT_TRUE(Collect(kAsker).deliveries(0).has_package());
  v1::GetCaseRequestRequest get;
  get.set_name(std::string("agencies/") + kAsker + "/caseRequests/" + kRequest);
  v1::CaseRequest seen;
  Context context;
  ASSERT_EQ(Told(v1::CaseRequestService::NewStub(AgentChannel(kAsker))->GetCaseRequest(&context, get, &seen)), "0");
  EXPECT_EQ(seen.holders(0).state(), v1::HOLDER_STATE_ANSWERED);

  Context another;
  v1::GetCheckpointResponse checkpoint;
  ASSERT_EQ(Told(v1::LedgerService::NewStub(AgentChannel(kAsker))->GetCheckpoint(&another, {}, &checkpoint)), "0");
  broker_->Stop();
  const auto report = ledger::Fsck(path("derwent.db"), trust::VerifierKey::Parse(checkpoint.vkey()).value());
  ASSERT_OK(report);
  EXPECT_EQ(report->broken, "");
}

TEST_F(RequestServerTest, ACaseIsOpenedByAPersonNeverByAnAgentOrConsole) {
  Start();
  v1::Case opened;
  EXPECT_EQ(OpenCase(AgentChannel(kAsker), opened), "7 ROLE_NOT_ENTITLED");
  EXPECT_EQ(OpenCase(ChannelOf(pki_.IssueFor(kAsker, "console", "desk")), opened), "7 ROLE_NOT_ENTITLED");
  EXPECT_EQ(OpenCase(ChannelOf(pki_.IssueFor(kAsker, "person", "p-stranger")), opened), "7 ROLE_NOT_ENTITLED");
  EXPECT_EQ(OpenCase(ChannelOf(pki_.IssueFor(kAsker, "person", exchange::kPractitioner)), opened),
            "7 ROLE_NOT_ENTITLED");
}

TEST_F(RequestServerTest, AQuotaThatIsExceededIsRefusedEnteredAndToldToBothAgencies) {
  limits_.holders_a_day = 1;
  Start();
  v1::Case opened;
  ASSERT_EQ(OpenCase(ChannelOf(pki_.IssueFor(kAsker, "person", "p-spoc")), opened), "0");
  v1::SubmitCaseRequestResponse response;
  ASSERT_EQ(Ask(kRequest, response), "0");
  EXPECT_EQ(Ask(kSecond, response), "8 QUOTA_EXCEEDED");
  EXPECT_EQ(Ask(kSecond, response), "8 QUOTA_EXCEEDED");
  const v1::CollectResponse asker = Collect(kAsker);
  ASSERT_EQ(asker.deliveries_size(), 1) << "once a day";
  EXPECT_EQ(asker.deliveries(0).notice().kind(), v1::BROKER_NOTICE_KIND_QUOTA_EXCEEDED);
  EXPECT_NE(asker.deliveries(0).receipts(0).tlog_proof(), "");
  EXPECT_EQ(Collect(kHolder).deliveries_size(), 2) << "the first request, and the notice";
}

}  // namespace
}  // namespace derwent::server
