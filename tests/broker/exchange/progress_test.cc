#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "derwent/v1/message.pb.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr char kOtherRequest[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b03";

class ProgressTest : public ExchangeTest {
 protected:
  absl::Status Report(const v1::ReportProgressRequest& request, const std::string& agency = kRecipient) {
    v1::ReportProgressResponse response;
    return Run([&](Batch& batch) { return ReportProgress(AgentOf(agency), request, response, batch); });
  }
  absl::StatusOr<v1::WithdrawReferralResponse> Withdraw(const v1::WithdrawReferralRequest& request,
                                                        const std::string& agency = kSender) {
    v1::WithdrawReferralResponse response;
    const absl::Status status =
        Run([&](Batch& batch) { return WithdrawReferral(AgentOf(agency), request, response, batch); });
    if (!status.ok()) return status;
    return response;
  }
};

TEST_F(ProgressTest, AcceptedThenClosedReachesTheSenderInOrder) {
  HandOver();
  ASSERT_OK(Report(ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 2)));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_ACCEPTED);
  ASSERT_OK(Report(ProgressOf(v1::PROGRESS_STATE_CLOSED, "SAFE", 3, kOtherRequest)));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_CLOSED);
  EXPECT_EQ(CollectAs(kSender)->deliveries_size(), 3) << "acknowledgement, accepted, closed";
}

TEST_F(ProgressTest, TheSameReportAgainTakesEffectOnce) {
  HandOver();
  const v1::ReportProgressRequest report = ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 2);
  ASSERT_OK(Report(report));
  ASSERT_OK(Report(report));
  EXPECT_EQ(CollectAs(kSender)->deliveries_size(), 2);
  EXPECT_EQ(ReasonOf(Report(ProgressOf(v1::PROGRESS_STATE_DECLINED, "CAPACITY", 2))), "REQUEST_ID_REUSED");
}

TEST_F(ProgressTest, ANumberAgainOrAGapIsRefused) {
  HandOver();
  EXPECT_EQ(ReasonOf(Report(ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 1))), "SEQUENCE_BROKEN");
  EXPECT_EQ(ReasonOf(Report(ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 3))), "SEQUENCE_BROKEN");
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_ACKNOWLEDGED);
}

struct Illegal {
  const char* name;
  v1::ProgressState state;
  const char* reason;
};

class IllegalProgressTest : public ProgressTest, public ::testing::WithParamInterface<Illegal> {};

TEST_P(IllegalProgressTest, AStateThatMayNotFollowIsRefusedAndChangesNothing) {
  HandOver();
  ASSERT_OK(Report(ProgressOf(v1::PROGRESS_STATE_DECLINED, "CAPACITY", 2)));
  EXPECT_EQ(ReasonOf(Report(ProgressOf(GetParam().state, GetParam().reason, 3, kOtherRequest))), "STATE_NOT_ALLOWED");
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_DECLINED);
}

INSTANTIATE_TEST_SUITE_P(AfterDeclined, IllegalProgressTest,
                         ::testing::Values(Illegal{"accepted", v1::PROGRESS_STATE_ACCEPTED, ""},
                                           Illegal{"declined", v1::PROGRESS_STATE_DECLINED, "OTHER"},
                                           Illegal{"more", v1::PROGRESS_STATE_MORE_INFORMATION, ""},
                                           Illegal{"action", v1::PROGRESS_STATE_ACTION, ""},
                                           Illegal{"closed", v1::PROGRESS_STATE_CLOSED, "SAFE"}),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(ProgressTest, NothingIsReportedBeforeItWasAcknowledged) {
  ASSERT_OK(Submit(Share()));
  EXPECT_EQ(ReasonOf(Report(ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 1))), "STATE_NOT_ALLOWED");
}

TEST_F(ProgressTest, OnlyTheRecipientReports) {
  HandOver();
  EXPECT_EQ(ReasonOf(Report(ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 2), kStranger)), "PAYLOAD_REJECTED")
      << "the head names another agency";
}

TEST_F(ProgressTest, AReasonOutsideTheClosedListIsRejected) {
  HandOver();
  EXPECT_EQ(ReasonOf(Report(ProgressOf(v1::PROGRESS_STATE_DECLINED, "BUSY", 2))), "PAYLOAD_REJECTED");
}

TEST_F(ProgressTest, AnUncollectedShareThatIsWithdrawnIsGone) {
  ASSERT_OK(Submit(Share()));
  const auto withdrawn = Withdraw(Withdrawal(1));
  ASSERT_OK(withdrawn);
  EXPECT_EQ(withdrawn->told_agencies_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_WITHDRAWN);
  const auto collected = CollectAs(kRecipient);
  ASSERT_OK(collected);
  for (const v1::Delivery& delivery : collected->deliveries()) EXPECT_FALSE(delivery.has_package());
}

TEST_F(ProgressTest, AWithdrawalTellsTheRecipientThatHasIt) {
  HandOver();
  const auto withdrawn = Withdraw(Withdrawal(1));
  ASSERT_OK(withdrawn);
  EXPECT_THAT(withdrawn->told_agencies(), ::testing::ElementsAre(kRecipient));
  ASSERT_EQ(CollectAs(kRecipient)->deliveries_size(), 1);
  EXPECT_EQ(EntriesOf(kRecipient, "withdrawal"), 1u);
}

TEST_F(ProgressTest, OnlyTheSenderWithdraws) {
  HandOver();
  EXPECT_EQ(ReasonOf(Withdraw(Withdrawal(1), kRecipient).status()), "PAYLOAD_REJECTED")
      << "the head names another agency";
}

TEST_F(ProgressTest, ANoticeIsEnteredUnderItsKind) {
  HandOver();
  v1::Notice notice;
  *notice.mutable_head() = Head(kRecipient, kSender, 2);
  notice.set_kind(v1::NOTICE_KIND_MISLABELLED);
  v1::SendNoticeRequest request;
  request.set_request_id(kRequestId);
  *request.mutable_notice() = Sign(kRecipient, trust::kNoticeType, notice);
  v1::SendNoticeResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return SendNotice(AgentOf(kRecipient), request, response, batch); }));
  for (const std::string agency : {kSender, kRecipient}) {
    const auto found = store_->Read().value()->SearchEntries(
        {.viewer_agency = agency, .step = "notice", .reason = "MISLABELLED", .limit = 10});
    ASSERT_OK(found);
    EXPECT_EQ(found->size(), 1u) << agency;
  }
}

}  // namespace
}  // namespace derwent::exchange
