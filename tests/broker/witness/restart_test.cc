#include "broker/witness/restart.h"

#include "tests/broker/witness/witness_fixture.h"

namespace derwent::witness {
namespace {

using Outcome = Restart::Outcome;

// After a start, under a quorum of two of the first three witnesses.
class RestartTest : public ::testing::Test {
 protected:
  const Quorum quorum_ = Quorum::Make(PolicyText(kTwoOfThree), LogKey(), "host", {}).value();
  Restart restart_{quorum_};
};

TEST_F(RestartTest, WritingBeginsWhenAQuorumHasShownAndEndsWhenOneRefutes) {
  EXPECT_EQ(restart_.state(), Restart::State::kAwaiting);
  EXPECT_EQ(restart_.Shown(0, 4, 4), Outcome::kTaken);
  EXPECT_EQ(restart_.Shown(0, 4, 4), Outcome::kTaken) << "one witness twice is one witness";
  EXPECT_EQ(restart_.Shown(3, 4, 4), Outcome::kTaken);
  EXPECT_EQ(restart_.Shown(2, 3, 0), Outcome::kOpens);
  EXPECT_EQ(restart_.state(), Restart::State::kOpen);
  EXPECT_TRUE(restart_.Refute());
  EXPECT_EQ(restart_.state(), Restart::State::kRefuted);
  EXPECT_EQ(restart_.Shown(1, 4, 4), Outcome::kTaken);
  EXPECT_EQ(restart_.state(), Restart::State::kRefuted);
}

TEST_F(RestartTest, OfANewLogNobodyHasSeenAnything) {
  EXPECT_EQ(restart_.Shown(0, 0, 0), Outcome::kTaken);
  EXPECT_EQ(restart_.Shown(1, 0, 0), Outcome::kOpens);
}

TEST_F(RestartTest, AWitnessThatShowsLessThanItCosignedCountsForNothing) {
  EXPECT_EQ(restart_.Shown(0, 0, 7), Outcome::kBehind);
  EXPECT_EQ(restart_.Shown(0, 6, 7), Outcome::kStillBehind) << "told once";
  EXPECT_EQ(restart_.Shown(1, 7, 7), Outcome::kTaken);
  EXPECT_EQ(restart_.state(), Restart::State::kAwaiting);
  EXPECT_EQ(restart_.Shown(2, 9, 7), Outcome::kOpens);
}

TEST_F(RestartTest, ItIsOfferedNothingThatItCouldShowAsSeenBefore) {
  restart_.Shown(0, 0, 7);
  EXPECT_FALSE(restart_.MayOffer(0));
  EXPECT_TRUE(restart_.MayOffer(1));
  restart_.Shown(1, 7, 7);
  restart_.Shown(2, 7, 7);
  EXPECT_TRUE(restart_.MayOffer(0)) << "open: it goes on from what it is offered";
}

TEST_F(RestartTest, OneThatCaughtUpCountsAndIsToldOfAgainWhenItLosesItAgain) {
  restart_.Shown(0, 0, 7);
  EXPECT_EQ(restart_.Shown(0, 7, 7), Outcome::kTaken);
  EXPECT_TRUE(restart_.MayOffer(0));
  EXPECT_EQ(restart_.Shown(0, 0, 7), Outcome::kBehind);
}

}  // namespace
}  // namespace derwent::witness
