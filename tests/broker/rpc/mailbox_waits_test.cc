#include "broker/rpc/mailbox_waits.h"

#include "tests/support/matchers.h"

namespace derwent::rpc {
namespace {

class MailboxWaitsTest : public ::testing::Test {
 protected:
  bool Park(const std::string& agency, uint64_t seen, absl::Time deadline = absl::InfiniteFuture()) {
    return waits_.Park({.caller = {.id = {.agency = agency}, .serial = agency},
                        .deadline = deadline,
                        .retry = [this] { ++retried_; },
                        .end = [this](const absl::Status& status) { ended_.push_back(status); },
                        .cancelled = [this] { return cancelled_; }},
                       seen);
  }
  void Tick(absl::Time now, const absl::Status& good = absl::OkStatus()) {
    waits_.Tick(now, [&](const exchange::Caller&) { return good; });
  }

  MailboxWaits waits_;
  int retried_ = 0;
  std::vector<absl::Status> ended_;
  bool cancelled_ = false;
  absl::Time now_ = absl::FromUnixSeconds(1795521600);
};

TEST_F(MailboxWaitsTest, ACommitWakesTheWaitersOfItsMailboxesOnly) {
  EXPECT_TRUE(Park("dfrs", waits_.Wakes("dfrs")));
  waits_.Wake({"cbc"});
  EXPECT_EQ(retried_, 0);
  waits_.Wake({"dfrs"});
  EXPECT_EQ(retried_, 1);
  waits_.Wake({"dfrs"});
  EXPECT_EQ(retried_, 1) << "it no longer waits";
}

TEST_F(MailboxWaitsTest, WhatCameBetweenLookingAndParkingIsNotMissed) {
  const uint64_t seen = waits_.Wakes("dfrs");
  waits_.Wake({"dfrs"});
  EXPECT_FALSE(Park("dfrs", seen));
}

TEST_F(MailboxWaitsTest, ItsTimeOverAWaiterIsAnsweredEmpty) {
  EXPECT_TRUE(Park("dfrs", 0, now_ + absl::Seconds(25)));
  Tick(now_ + absl::Seconds(24));
  EXPECT_TRUE(ended_.empty());
  Tick(now_ + absl::Seconds(25));
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_OK(ended_.front());
}

TEST_F(MailboxWaitsTest, ARevokedCallerIsEndedAtTheNextTick) {
  EXPECT_TRUE(Park("dfrs", 0));
  Tick(now_, absl::UnauthenticatedError("revoked"));
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(absl::IsUnauthenticated(ended_.front()));
}

TEST_F(MailboxWaitsTest, ACallerThatGaveUpIsLetGo) {
  EXPECT_TRUE(Park("dfrs", 0));
  cancelled_ = true;
  Tick(now_);
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(MailboxWaitsTest, StoppedItEndsWhoWaitsAndWhoComesLater) {
  EXPECT_TRUE(Park("dfrs", 0));
  waits_.Stop(absl::UnavailableError("stopping"));
  EXPECT_TRUE(Park("dfrs", 0));
  ASSERT_EQ(ended_.size(), 2u);
  EXPECT_TRUE(absl::IsUnavailable(ended_.back()));
}

}  // namespace
}  // namespace derwent::rpc
