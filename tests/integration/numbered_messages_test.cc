// Numbered messages through crashes, rejections and refusals: none is lost, none takes effect twice, none holds up the
// rest for ever.
#include <algorithm>
#include <thread>

#include "tests/integration/referral_fixture.h"

namespace derwent::agents {
namespace {

class NumberedMessagesTest : public ReferralTest {
 protected:
  // A share that housing took and acknowledged (message 1) and accepted (message 2); both wait for the police.
  std::string Accepted() {
    std::string share = Push();
    housing().CollectAll();
    EXPECT_OK(Report(housing(), share, v1::PROGRESS_STATE_ACCEPTED, ""));
    return share;
  }
  State& kept() { return police().daemon->context().state; }
  State& housings() { return housing().daemon->context().state; }
  uint32_t Reached(const std::string& share) { return kept().LastSequence(share, "rp.housing").value_or(0); }
  std::string StateOf(const std::string& share) { return housings().FindReceived(share).value()->state; }
};

TEST_F(NumberedMessagesTest, WhatWasHeldFollowsThoughACrashCameAfterTheMessageItWaitedFor) {
  const std::string share = Accepted();
  std::vector<v1::Delivery> messages;
  police().broker->on_collect = [&](v1::CollectResponse& response) {
    for (const v1::Delivery& delivery : response.deliveries())
      if (delivery.has_message()) messages.push_back(delivery);
    response.clear_deliveries();
  };
  ASSERT_OK(police().daemon->receiver().CollectOnce(absl::ZeroDuration()));
  ASSERT_EQ(messages.size(), 2u);
  ASSERT_OK(police().daemon->receiver().Handle(messages[1]));
  ASSERT_OK(kept().Together([&](Changes& changes) { return changes.AcceptSequence(share, "rp.housing", 1); }));
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  messages[0].set_repeated_delivery(true);
  ASSERT_OK(police().daemon->receiver().Handle(messages[0]));
  EXPECT_EQ(Reached(share), 2u);
  EXPECT_EQ(Sent().progress_size(), 1);
}

TEST_F(NumberedMessagesTest, ARejectedMessageHoldsUpNothingThatFollows) {
  const std::string share = Accepted();
  police().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      if (!delivery.has_message()) continue;
      delivery.mutable_message()->mutable_signatures(0)->mutable_sig()->back() ^= 1;
      return;
    }
  };
  police().daemon->receiver().CollectOnce(absl::ZeroDuration()).status().IgnoreError();
  EXPECT_THAT(police().Alarms(), ::testing::ElementsAre("MESSAGE_REJECTED"));
  EXPECT_EQ(Reached(share), 2u);
  EXPECT_EQ(Sent().progress_size(), 1);
}

TEST_F(NumberedMessagesTest, WhatWaitsBehindARefusedMessageIsTakenInItsPlace) {
  const std::string share = Push();
  housing().CollectAll();
  housing().broker->refuse_progress = [](const v1::ReportProgressRequest&) { return absl::UnavailableError("away"); };
  ASSERT_OK(Report(housing(), share, v1::PROGRESS_STATE_MORE_INFORMATION, "IDENTITY"));
  ASSERT_OK(Report(housing(), share, v1::PROGRESS_STATE_ACTION, "VISIT", "seen on Tuesday"));
  int refused = 0;
  housing().broker->refuse_progress = [&](const v1::ReportProgressRequest&) {
    return ++refused == 1 ? absl::FailedPreconditionError("never") : absl::OkStatus();
  };
  ASSERT_OK(housing().daemon->postman().Drain());
  EXPECT_THAT(housings().PendingMessages().value(), IsEmpty());
  EXPECT_THAT(housing().Alarms(), ::testing::ElementsAre("MESSAGE_NOT_TAKEN"));
  police().CollectAll();
  EXPECT_EQ(Reached(share), 2u);
  ASSERT_EQ(Sent().progress_size(), 1);
  EXPECT_EQ(Sent().progress(0).note(), "seen on Tuesday");
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(NumberedMessagesTest, ARefusedReportUndoesNoWithdrawalThatCameMeanwhile) {
  const std::string share = Push();
  housing().CollectAll();
  housing().broker->refuse_progress = [&](const v1::ReportProgressRequest&) {
    EXPECT_OK(housings().SetReceivedState(share, "WITHDRAWN"));
    return absl::FailedPreconditionError("withdrawn");
  };
  EXPECT_THAT(Report(housing(), share, v1::PROGRESS_STATE_ACCEPTED, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(StateOf(share), "WITHDRAWN");
}

TEST_F(NumberedMessagesTest, AReportThatAnotherThreadSentAndDroppedIsNotSaidToBeOnItsWay) {
  const std::string share = Push();
  housing().CollectAll();
  housing().broker->refuse_progress = [](const v1::ReportProgressRequest&) { return absl::UnavailableError("away"); };
  ASSERT_OK(Report(housing(), share, v1::PROGRESS_STATE_MORE_INFORMATION, "IDENTITY"));
  // The other thread is refused the first once the second is queued, and so meets that one too.
  housing().broker->refuse_progress = [&](const v1::ReportProgressRequest&) {
    while (housings().PendingMessages()->size() == 1 && StateOf(share) == "RECEIVED") std::this_thread::yield();
    return absl::FailedPreconditionError("never");
  };
  std::thread other([&] { housing().daemon->postman().Drain().status().IgnoreError(); });
  EXPECT_THAT(Report(housing(), share, v1::PROGRESS_STATE_ACCEPTED, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  other.join();
  EXPECT_EQ(StateOf(share), "RECEIVED");
}

}  // namespace
}  // namespace derwent::agents
