#include "broker/witness/rounds.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace derwent::witness {
namespace {

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

uint64_t Offered(const Rounds& rounds) {
  const auto offered = rounds.Offered();
  return offered.has_value() ? offered->size : 0;
}

TEST(RoundsTest, TheFirstCheckpointIsOfferedAtOnce) {
  Rounds rounds;
  EXPECT_FALSE(rounds.Advance(At(1)));
  rounds.Grown({.size = 3, .note = "three"});
  EXPECT_TRUE(rounds.Advance(At(1)));
  EXPECT_EQ(rounds.Offered()->note, "three");
  EXPECT_FALSE(rounds.Advance(At(9))) << "nothing new";
}

TEST(RoundsTest, ARoundFollowsASecondAfterTheOneBeforeOnceItHasItsQuorum) {
  Rounds rounds;
  rounds.Grown({.size = 3, .note = ""});
  rounds.Advance(At(1));
  rounds.Grown({.size = 4, .note = ""});
  rounds.Grown({.size = 5, .note = ""});
  rounds.Met(3);
  EXPECT_FALSE(rounds.Advance(At(1.9)));
  EXPECT_TRUE(rounds.Advance(At(2)));
  EXPECT_EQ(Offered(rounds), 5u);
}

TEST(RoundsTest, AQuorumThatDoesNotComeHoldsTheOthersUpTenSecondsAtMost) {
  Rounds rounds;
  rounds.Grown({.size = 3, .note = ""});
  rounds.Advance(At(1));
  rounds.Grown({.size = 4, .note = ""});
  EXPECT_FALSE(rounds.Advance(At(10.9)));
  EXPECT_TRUE(rounds.Advance(At(11)));
}

TEST(RoundsTest, AWitnessThatIsBeyondTheRoundEndsIt) {
  Rounds rounds;
  rounds.Grown({.size = 3, .note = ""});
  rounds.Advance(At(1));
  rounds.Grown({.size = 8, .note = ""});
  rounds.Overtaken(3);
  EXPECT_FALSE(rounds.Advance(At(3)));
  rounds.Overtaken(5);
  EXPECT_TRUE(rounds.Advance(At(3)));
  EXPECT_EQ(Offered(rounds), 8u);
}

TEST(RoundsTest, AnOlderCheckpointDoesNotCountAsNewer) {
  Rounds rounds;
  rounds.Grown({.size = 8, .note = ""});
  rounds.Grown({.size = 3, .note = ""});
  rounds.Advance(At(1));
  EXPECT_EQ(Offered(rounds), 8u);
}

}  // namespace
}  // namespace derwent::witness
