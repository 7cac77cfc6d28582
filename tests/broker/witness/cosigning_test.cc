#include "broker/witness/cosigning.h"

#include "absl/strings/str_replace.h"

#include "broker/ledger/fsck.h"
#include "broker/witness/restart.h"
#include "broker/witness/standing.h"
#include "tests/broker/store/intruder.h"
#include "tests/broker/witness/witness_fixture.h"
#include "trust/note/checkpoint.h"

namespace derwent::witness {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::IsOkAndHolds;
using ::derwent::testing::StatusIs;
using ledger::Referral;
using ledger::TestTime;
using ::testing::HasSubstr;

// A log of three entries with one checkpoint, another of four, and a quorum of two of three.
class CosigningTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    Commit({Referral(1), Referral(2), Referral(3)}, TestTime(0));
    Commit({Referral(4)}, TestTime(5'000));
  }

  std::string Body(uint64_t size) {
    const auto row = store_->Read().value()->FindCheckpoint(size).value();
    return trust::Note::Parse(row->note)->text;
  }
  absl::StatusOr<int> Keep(uint64_t size, const std::string& lines, absl::Time now = TestTime(6'000)) {
    auto transaction = store_->Begin().value();
    auto kept = KeepCosignatures(quorum_, size, lines, now, *transaction);
    if (kept.ok()) {
      EXPECT_OK(transaction->Commit());
    }
    return kept;
  }
  std::string Line(size_t witness, uint64_t size, absl::Time time = TestTime(6'000)) {
    return Witnesses()[witness].Line(Body(size), time);
  }
  // From now on under that quorum, as after a restart.
  void JudgeUnder(const Quorum& quorum) {
    auto transaction = store_->Begin().value();
    EXPECT_OK(JudgeAgain(quorum, *transaction));
    EXPECT_OK(transaction->Commit());
    quorum_ = quorum;
  }
  uint64_t Cosigned() { return store_->Read().value()->NewestCosigned(100).value().value_or(0); }
  Standing Now(absl::Time now) { return StandingOf(*store_->Read().value(), quorum_, now).value(); }
  std::string Fsck() {
    log_.reset();
    store_.reset();
    return ledger::Fsck(path(), LogKey())->broken;
  }

  Quorum quorum_ =
      Quorum::Make(PolicyText(kTwoOfThree), LogKey(), "host", {.amber = absl::Seconds(90), .limit = absl::Seconds(900)})
          .value();
};

TEST_F(CosigningTest, WhereNobodyIsAskedForNoneMakesASizeFinal) {
  quorum_ = Quorum::Make(PolicyText("quorum none\n"), LogKey(), "", {}).value();
  EXPECT_THAT(Keep(3, Line(0, 3)), IsOkAndHolds(1));
  EXPECT_EQ(Cosigned(), 0u);
}

TEST_F(CosigningTest, AQuorumMakesACheckpointThatOutsidersVerify) {
  EXPECT_THAT(Keep(4, Line(0, 4)), IsOkAndHolds(1));
  EXPECT_EQ(Cosigned(), 0u);
  EXPECT_THAT(Keep(4, Line(1, 4)), IsOkAndHolds(1));
  EXPECT_EQ(Cosigned(), 4u);
  const std::string note = CosignedNote(*store_->Read().value()).value();
  EXPECT_THAT(trust::OpenCosignedCheckpoint(note, quorum_.policy(), LogKey()), IsOk());
  EXPECT_EQ(Fsck(), "");
}

TEST_F(CosigningTest, TheLogAndOneWitnessLessThanTheQuorumAreNone) {
  // The broker holds the log's key; the host's witness is no member of the quorum.
  EXPECT_THAT(Keep(4, Line(0, 4) + Line(3, 4)), IsOkAndHolds(2));
  EXPECT_EQ(Cosigned(), 0u);
  EXPECT_TRUE(Now(TestTime(5'000'000)).stopped);
}

TEST_F(CosigningTest, AWitnessCountsOnceWhateverTheNumberOfItsLines) {
  EXPECT_THAT(Keep(4, Line(0, 4) + Line(0, 4, TestTime(7'000)) + Line(0, 4, TestTime(8'000))), IsOkAndHolds(1));
  EXPECT_THAT(Keep(4, Line(0, 4, TestTime(9'000))), IsOkAndHolds(1));
  EXPECT_EQ(Cosigned(), 0u);
}

TEST_F(CosigningTest, ACosignatureOfAnOlderCheckpointIsNotReplayedUnderANewerOne) {
  EXPECT_THAT(Keep(4, Line(0, 3)), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("does not verify")));
  EXPECT_THAT(Keep(3, Line(0, 3)), IsOkAndHolds(1));
  EXPECT_THAT(Keep(3, Line(1, 3)), IsOkAndHolds(1));
  EXPECT_EQ(Cosigned(), 3u);
  EXPECT_GT(Now(TestTime(65'000)).unwitnessed_age, absl::ZeroDuration()) << "the fourth entry is not under it";
}

TEST_F(CosigningTest, ClocksThatAreWrongAreFoundOut) {
  EXPECT_THAT(Keep(4, Line(0, 4, TestTime(40'000))), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("future")));
  EXPECT_THAT(Keep(4, Line(0, 4, TestTime(-40'000))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("older than what it signs")));
  EXPECT_THAT(Keep(4, Line(0, 4, TestTime(20'000))), IsOkAndHolds(1));
}

// A jump of the broker's clock dates entries ahead for good. That must neither hide that they have no quorum nor keep
// honest witnesses, whose clocks are right, from signing them.
TEST_F(CosigningTest, EntriesThatAJumpOfTheClockDatedAheadStopReleasesWhenNobodyCosignsThem) {
  ASSERT_THAT(Keep(4, Line(0, 4)), IsOkAndHolds(1));
  ASSERT_THAT(Keep(4, Line(1, 4)), IsOkAndHolds(1));
  Commit({Referral(5)}, TestTime(86'400'000));
  EXPECT_EQ(Now(TestTime(10'000)).clock_behind, absl::Milliseconds(86'390'000));
  EXPECT_FALSE(Now(TestTime(10'000)).amber);
  EXPECT_TRUE(Now(TestTime(100'000)).amber);
  EXPECT_FALSE(Now(TestTime(100'000)).stopped);
  EXPECT_TRUE(Now(TestTime(910'000)).stopped);
}

TEST_F(CosigningTest, WhatSignedOnlyWhileTheClockWasAheadDoesNotSayHowOldEntriesAre) {
  Commit({Referral(5)}, TestTime(86'400'000));
  const absl::Time ahead = TestTime(86'401'000);
  ASSERT_THAT(Keep(5, Line(0, 5, ahead), ahead), IsOkAndHolds(1));
  ASSERT_THAT(Keep(5, Line(1, 5, ahead), ahead), IsOkAndHolds(1));
  EXPECT_FALSE(Now(TestTime(10'000)).stopped) << "nothing is without a quorum";
  Commit({Referral(6)}, TestTime(10'000));
  EXPECT_TRUE(Now(TestTime(10'000)).stopped);
}

TEST_F(CosigningTest, HonestWitnessesCosignWhatAJumpOfTheClockDatedAhead) {
  Commit({Referral(5)}, TestTime(86'400'000));
  EXPECT_THAT(Keep(5, Line(0, 5, TestTime(10'000)), TestTime(10'000)), IsOkAndHolds(1));
  EXPECT_THAT(Keep(5, Line(1, 5, TestTime(10'000)), TestTime(10'000)), IsOkAndHolds(1));
  EXPECT_EQ(Cosigned(), 5u);
  EXPECT_FALSE(Now(TestTime(2'000'000)).stopped);
  EXPECT_THAT(Keep(5, Line(2, 5, TestTime(-40'000)), TestTime(10'000)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("older than what it signs")));
}

// The row's check value is no secret: whoever has the database can mark a size as cosigned.
TEST_F(CosigningTest, ASizeThatWasMarkedWithoutItsQuorumIsFoundByTheCheck) {
  ASSERT_THAT(Keep(4, Line(0, 4)), IsOkAndHolds(1));
  auto transaction = store_->Begin().value();
  ASSERT_OK(transaction->MarkCosigned(4, TestTime(6'000)));
  ASSERT_OK(transaction->Commit());
  transaction = nullptr;
  const ledger::FsckTrust trust{.vkeys = {LogKey()}, .retired = {}, .policies = {quorum_.policy()}};
  EXPECT_EQ(Fsck(), "") << "without a policy nobody can tell";
  EXPECT_THAT(ledger::Fsck(path(), trust)->broken, HasSubstr("checkpoint 4: it counts as cosigned and has not"));
}

TEST_F(CosigningTest, ASizeThatMetAnEarlierPolicyPassesTheCheckWithBoth) {
  ASSERT_THAT(Keep(3, Line(0, 3) + Line(1, 3)), IsOkAndHolds(2));
  const Quorum now = Quorum::Make(PolicyText("group both 2 dfrs adults\nquorum both\n"), LogKey(), "host", {}).value();
  ledger::FsckTrust trust{.vkeys = {LogKey()}, .retired = {}, .policies = {now.policy()}};
  EXPECT_EQ(Fsck(), "");
  EXPECT_NE(ledger::Fsck(path(), trust)->broken, "");
  trust.policies.push_back(quorum_.policy());
  EXPECT_EQ(ledger::Fsck(path(), trust)->broken, "");
}

TEST_F(CosigningTest, LinesOfNobodyKnownAreIgnored) {
  const TestWitness stranger{.name = "stranger", .seed = 'x'};
  EXPECT_THAT(Keep(4, stranger.Line(Body(4), TestTime(6'000))), IsOkAndHolds(0));
}

TEST_F(CosigningTest, LinesThatAreNotStrictAreRefused) {
  const std::string line = Line(0, 4);
  for (const std::string& bad :
       {std::string(), std::string("no line\n"), line.substr(0, line.size() - 1), line + "\n",
        absl::StrReplaceAll(line, {{" police", " pol ice"}}), line.substr(0, line.size() - 4) + "\n",
        line.substr(0, line.size() - 2) + "\r\n", std::string(2 << 20, 'x')}) {
    EXPECT_THAT(Keep(4, bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad.substr(0, 200);
  }
  EXPECT_THAT(Keep(9, line), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CosigningTest, TheOldestEntryWithoutAQuorumSaysHowItStands) {
  EXPECT_FALSE(Now(TestTime(90'000)).amber);
  EXPECT_TRUE(Now(TestTime(90'001)).amber);
  EXPECT_FALSE(Now(TestTime(900'000)).stopped);
  EXPECT_TRUE(Now(TestTime(900'001)).stopped);
  ASSERT_OK(Keep(3, Line(0, 3) + Line(1, 3)));
  EXPECT_EQ(Now(TestTime(105'000)).unwitnessed_age, absl::Seconds(100)) << "of the fourth entry";
  ASSERT_OK(Keep(4, Line(1, 4) + Line(2, 4)));
  EXPECT_EQ(Now(TestTime(9'000'000)).unwitnessed_age, absl::ZeroDuration());
}

TEST_F(CosigningTest, AStricterPolicyTakesAQuorumBack) {
  ASSERT_OK(Keep(3, Line(0, 3) + Line(1, 3) + Line(2, 3)));
  ASSERT_OK(Keep(4, Line(0, 4) + Line(1, 4)));
  const Quorum all =
      Quorum::Make(PolicyText("group sectors all police dfrs adults\nquorum sectors\n"), LogKey(), "host", {}).value();
  JudgeUnder(all);
  EXPECT_EQ(Cosigned(), 3u);
}

TEST_F(CosigningTest, AChangeOfWitnessesLeavesWhatTheOthersSigned) {
  ASSERT_OK(Keep(3, Line(0, 3) + Line(1, 3)));
  const Quorum others =
      Quorum::Make(PolicyText("group two all adults host\nquorum two\n"), LogKey(), "host", {}).value();
  JudgeUnder(others);
  EXPECT_EQ(Cosigned(), 0u);
  ASSERT_OK(Keep(4, Line(2, 4) + Line(3, 4)));
  EXPECT_EQ(Cosigned(), 4u);
  EXPECT_THAT(store_->Read().value()->ListCosignatures(3).value(), ::testing::SizeIs(2));
  EXPECT_EQ(Fsck(), "");
}

TEST_F(CosigningTest, AChangedPolicyIsHeldAgainstTheNewestOnly) {
  ASSERT_OK(Keep(3, Line(0, 3) + Line(1, 3) + Line(2, 3)));
  for (int i = 0; i < kMostJudgedAgain; ++i) {
    const uint64_t size = Commit({Referral(5)}, TestTime(5'000))->size();
    ASSERT_OK(Keep(size, Line(0, size) + Line(1, size)));
  }
  JudgeUnder(
      Quorum::Make(PolicyText("group sectors all police dfrs adults\nquorum sectors\n"), LogKey(), "host", {}).value());
  EXPECT_EQ(Cosigned(), 0u) << "the one that meets it is not reached";
  const uint64_t newest = Commit({Referral(6)}, TestTime(5'000))->size();
  ASSERT_OK(Keep(newest, Line(0, newest) + Line(1, newest) + Line(2, newest)));
  EXPECT_EQ(Cosigned(), newest);
  EXPECT_EQ(Fsck(), "");
}

TEST_F(CosigningTest, FsckVerifiesEveryCosignature) {
  ASSERT_OK(Keep(4, Line(0, 4) + Line(1, 4)));
  log_.reset();
  store_.reset();
  store::Intruder(path()).Run("UPDATE cosignature SET size = 3");
  EXPECT_THAT(Fsck(), HasSubstr("cosignature of 3"));
}

TEST_F(CosigningTest, ADatabaseIsHeldToWhatItsKeySigned) {
  const auto ours = trust::Checkpoint::ParseBody(Body(3)).value();
  auto reader = store_->Read().value();
  EXPECT_THAT(Belongs(ours, *reader), IsOkAndHolds(true));
  trust::Checkpoint forked = ours;
  forked.root = trust::Sha256("another history");
  EXPECT_THAT(Belongs(forked, *reader), IsOkAndHolds(false));
  trust::Checkpoint ahead = ours;
  ahead.size = 5;
  EXPECT_THAT(Belongs(ahead, *reader), IsOkAndHolds(false)) << "a rolled back database";
}

TEST_F(CosigningTest, TheLargestSizeThatAWitnessCosignedIsKnown) {
  ASSERT_OK(Keep(4, Line(0, 4)));
  ASSERT_OK(Keep(3, Line(0, 3) + Line(1, 3)));
  const auto reader = store_->Read().value();
  EXPECT_THAT(CosignedBy(Witnesses()[0].vkey(), *reader), IsOkAndHolds(4u));
  EXPECT_THAT(CosignedBy(Witnesses()[1].vkey(), *reader), IsOkAndHolds(3u));
  EXPECT_THAT(CosignedBy(Witnesses()[2].vkey(), *reader), IsOkAndHolds(0u));
}

}  // namespace
}  // namespace derwent::witness
