#include "agents/witness/witness.h"

#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/agents/witness/witness_fixture.h"
#include "trust/base/encoding.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using derwent::testing::IsOk;
using ::testing::HasSubstr;

TEST_F(WitnessTest, CosignsWhatExtendsWhatItSaw) {
  for (const auto& [old_size, size] : std::vector<std::pair<uint64_t, uint64_t>>{{0, 3}, {3, 3}, {3, 8}, {8, 600}}) {
    const Log log(size);
    const WitnessAnswer answer = witness_->AddCheckpoint(log.Since(old_size));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto cosigned = Cosigned(log.Checkpoint(), answer.body);
    ASSERT_THAT(cosigned, IsOk());
    EXPECT_EQ(cosigned->size, size);
  }
}

TEST_F(WitnessTest, AnOldSizeThatIsNotItsOwnIsToldItsOwn) {
  EXPECT_EQ(Status(Log(8).Since(0)), 200);
  const WitnessAnswer answer = witness_->AddCheckpoint(Log(9).Since(0));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "8\n");
  EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  EXPECT_EQ(Status(Log(9).Since(7)), 409);
}

TEST_F(WitnessTest, RefusesWhatTheLogDidNotSign) {
  const Log log(3);
  EXPECT_EQ(Status("old 0\n\n" + log.Checkpoint("x")), 403);
  std::string spoilt = log.Checkpoint();
  spoilt[spoilt.size() - 10] = spoilt[spoilt.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Status("old 0\n\n" + spoilt), 403);
  EXPECT_EQ(Status("old 0\n\n" + log.Checkpoint("l", "other.example/log")), 404);
}

TEST_F(WitnessTest, RefusesWhatIsMalformed) {
  const Log log(3);
  for (const std::string& body :
       std::vector<std::string>{"", "old 0\n", "old 00\n\n" + log.Checkpoint(), "old 4\n\n" + log.Checkpoint(),
                                "old 0\n\n", "old 0\n\nno note\n", "old 0\n!\n\n" + log.Checkpoint()})
    EXPECT_EQ(Status(body), 400) << body;
}

TEST_F(WitnessTest, RefusesAnotherHistoryAndKeepsItsEvidence) {
  EXPECT_EQ(Status(Log(7).Since(0)), 200);
  EXPECT_EQ(Status(Log(7, 'b').Since(7)), 422) << "another root for the size";
  EXPECT_EQ(Status(Log(12, 'b').Since(7)), 422) << "another history that grew";
  EXPECT_EQ(Status(Log(12, 'b', 7).Since(7)), 200) << "the same past";
  EXPECT_EQ(witness_->CountEvidence().value(), 2);
}

TEST_F(WitnessTest, AForkIsKeptOnceAndToldWithBothSides) {
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  const std::string fork = Log(7, 'b').Since(7);
  EXPECT_EQ(Status(fork), 422);
  std::vector<Fork> told;
  ASSERT_OK(witness_->TellForks([&](const Fork& one) { told.push_back(one); }));
  EXPECT_EQ(Status(fork + "\xE2\x80\x94 anybody.example AAAAAAA=\n"), 422) << "a line more is no other fork";
  EXPECT_EQ(Status(Log(12, 'b').Since(7)), 422);
  ASSERT_EQ(told.size(), 2u) << "the one before, and the one after";
  EXPECT_EQ(told[0].offered, fork);
  EXPECT_EQ(told[1].offered, Log(12, 'b').Since(7));
  EXPECT_THAT(told[1].seen, ::testing::StartsWith(Log(7).Checkpoint()));
}

TEST_F(WitnessTest, AWrongProofOfATrueCheckpointProvesNothing) {
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  ASSERT_EQ(Status(Log(7, 'b').Since(7)), 422);
  for (int i = 0; i < 150; ++i) {
    const std::string hash = Base64Encode(trust::Sha256(std::to_string(i)).view()) + "\n";
    EXPECT_EQ(Status("old 7\n" + hash + "\n" + Log(7).Checkpoint()), 422);
    EXPECT_EQ(Status("old 7\n" + hash + "\n" + Log(12).Checkpoint()), 422);
  }
  EXPECT_THAT(
      witness_->AddCheckpoint("old 7\n" + Base64Encode(std::string(32, 'h')) + "\n\n" + Log(7).Checkpoint()).body,
      HasSubstr("is not empty"));
  std::vector<Fork> kept;
  ASSERT_OK(witness_->TellForks([&](const Fork& one) { kept.push_back(one); }));
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].offered, Log(7, 'b').Since(7));
}

// From a size that is a power of two a proof leaves the old root out: what it leads from nobody can tell.
TEST_F(WitnessTest, WhatFailsAndIsNoProvenForkIsKeptAndToldOnceAsADoubt) {
  ASSERT_EQ(Status(Log(8).Since(0)), 200);
  std::vector<std::string> told;
  const auto tell = [&](const std::string& note) { told.push_back(note); };
  ASSERT_OK(witness_->TellDoubts(tell));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Status(Log(10, 'b').Since(8) + JunkLine(i)), 422);
  EXPECT_EQ(Status(Log(20, 'b').Since(8)), 422);
  const std::vector<std::string> both = {Log(10, 'b').Checkpoint(), Log(20, 'b').Checkpoint()};
  EXPECT_THAT(told, ::testing::ElementsAreArray(both));
  EXPECT_EQ(witness_->CountEvidence().value(), 0) << "whoever can ask the log decides";
  Open();
  told.clear();
  ASSERT_OK(witness_->TellDoubts(tell));
  EXPECT_THAT(told, ::testing::UnorderedElementsAreArray(both)) << "after a start too";
  EXPECT_EQ(Status(Log(9).Since(8)), 200) << "and what it saw may go on";
}

TEST_F(WitnessTest, AWrongProofOfALargerCheckpointIsADoubtAndOfTheSameNothing) {
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  std::vector<std::string> told;
  ASSERT_OK(witness_->TellDoubts([&](const std::string& note) { told.push_back(note); }));
  const std::string hash = Base64Encode(std::string(32, 'h')) + "\n";
  EXPECT_EQ(Status("old 7\n" + hash + "\n" + Log(7).Checkpoint()), 422);
  EXPECT_EQ(Status("old 7\n" + hash + "\n" + Log(12, 'b').Checkpoint()), 422);
  EXPECT_EQ(Status(Log(13, 'b').Since(7)), 422) << "a proven fork is one, and no doubt";
  EXPECT_THAT(told, ::testing::ElementsAre(Log(12, 'b').Checkpoint()));
  EXPECT_EQ(witness_->CountEvidence().value(), 1);
}

TEST_F(WitnessTest, OfManyDoubtsTheNewestStay) {
  ASSERT_EQ(Status(Log(8).Since(0)), 200);
  for (uint64_t size = 9; size < 30; ++size) {
    clock_.Move(absl::Seconds(1));
    EXPECT_EQ(Status(Log(size, 'b').Since(8)), 422);
  }
  std::vector<std::string> told;
  ASSERT_OK(witness_->TellDoubts([&](const std::string& note) { told.push_back(note); }));
  ASSERT_EQ(told.size(), 16u);
  EXPECT_EQ(told.front(), Log(14, 'b').Checkpoint());
  EXPECT_EQ(told.back(), Log(29, 'b').Checkpoint());
}

std::string Junk(int lines) {
  std::string junk;
  for (int i = 0; i < lines; ++i) junk += JunkLine(i);
  return junk;
}

TEST_F(WitnessTest, KeepsTheLinesOfTheLogsKeysAlone) {
  const std::string log_line = Log(8).Checkpoint().substr(Log(8).Checkpoint().rfind("\xE2\x80\x94 "));
  for (const std::string& more : {Junk(63), JunkLine(0, 700'000), log_line}) {
    const std::string offered = Log(8).Since(witness_->Seen(kOrigin)->size) + more;
    const WitnessAnswer answer = witness_->AddCheckpoint(offered);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(witness_->Latest(trust::Sha256(kOrigin).hex()).body, Log(8).Checkpoint() + answer.body);
  }
  clock_.Move(-absl::Hours(1));
  EXPECT_EQ(Status(Log(9).Since(8)), 500) << "and knows when it cosigned last";
}

TEST_F(WitnessTest, AForkHasTheLinesOfTheLogsKeysAlone) {
  ASSERT_EQ(Status(Log(7).Since(0) + Junk(63)), 200);
  std::vector<Fork> told;
  ASSERT_OK(witness_->TellForks([&](const Fork& one) { told.push_back(one); }));
  EXPECT_EQ(Status(Log(7, 'b').Since(7) + Junk(63)), 422);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].offered, Log(7, 'b').Since(7));
  ASSERT_THAT(trust::Note::Parse(told[0].seen), IsOk());
  EXPECT_EQ(trust::Note::Parse(told[0].seen)->signatures.size(), 2u);
}

TEST_F(WitnessTest, ANoteKeptWithOthersLinesIsMendedAtTheNextStart) {
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  const WitnessView good = *witness_->Seen(kOrigin);
  int kept = 0;
  for (const std::string& junk : {Junk(300), JunkLine(0, 1 << 20)}) {
    witness_.reset();
    {
      const auto state = WitnessState::Open((folder_ / "dfrs.db").string());
      const std::string bad = Log(7).Checkpoint() + junk + good.note.substr(Log(7).Checkpoint().size());
      ASSERT_FALSE(trust::Note::Parse(bad).ok());
      ASSERT_OK((*state)->Advance(kOrigin, 7, {.size = 7, .root = good.root, .note = bad}));
      const Fork fork{.origin = kOrigin, .seen = bad, .offered = Log(7, 'b').Since(7)};
      ASSERT_OK((*state)->KeepFork(fork, trust::Sha256(junk), clock_.Now()));
    }
    Open();
    EXPECT_EQ(witness_->Seen(kOrigin)->note, good.note);
    std::vector<Fork> told;
    ASSERT_OK(witness_->TellForks([&](const Fork& one) { told.push_back(one); }));
    ASSERT_EQ(told.size(), static_cast<size_t>(++kept));
    for (const Fork& one : told) EXPECT_EQ(one.seen, good.note);
  }
  clock_.Move(-absl::Hours(1));
  EXPECT_EQ(Status(Log(9).Since(7)), 500) << "it knows again when it cosigned last";
}

TEST_F(WitnessTest, ANoteUnderALogKeyItNoLongerTrustsIsLeftAsItIs) {
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  const WitnessView before = *witness_->Seen(kOrigin);
  witness_.reset();
  believed_ = LogKey('n');
  Open();
  EXPECT_EQ(witness_->Seen(kOrigin)->note, before.note);
}

// The log's key followed another, and what the other signs counts up to 7 entries.
trust::LogKeys AfterSeven() {
  return *trust::LogKeys::Make({{.key = LogKey('n'), .last_size = std::nullopt}, {.key = LogKey(), .last_size = 7}});
}

TEST_F(WitnessTest, AKeyOfTheLogThatWasCutOffVouchesForNothingLarger) {
  believed_ = AfterSeven();
  ASSERT_EQ(Status(Log(7).Since(0)), 200) << "up to its size it counts";
  const WitnessView before = *witness_->Seen(kOrigin);
  const WitnessAnswer refused = witness_->AddCheckpoint(Log(8).Since(7));
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("counts up to 7 entries"));
  EXPECT_EQ(Status(Log(8, 'b').Since(7)), 403) << "nor is it evidence against the log";
  EXPECT_EQ(witness_->Seen(kOrigin)->note, before.note);
  EXPECT_EQ(witness_->CountEvidence().value(), 0);
  EXPECT_EQ(Status(Log(8).Since(7, "ln")), 200) << "both signed";
  EXPECT_EQ(Status(Log(9).Since(8, "n")), 200);
}

TEST_F(WitnessTest, ACutOffCountsFromTheMomentItIsKnown) {
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  ASSERT_EQ(Status(Log(8).Since(7)), 200);
  believed_ = AfterSeven();
  EXPECT_EQ(Status(Log(9).Since(8)), 403) << "without a start";
  EXPECT_EQ(Status(Log(9).Since(8, "n")), 200) << "it goes on from what it saw";
}

TEST_F(WitnessTest, WhatBothKeysSignedIsKeptUnderBoth) {
  believed_ = AfterSeven();
  ASSERT_EQ(Status(Log(8).Since(0, "ln")), 200);
  const auto shown = trust::OpenCheckpoint(witness_->Seen(kOrigin)->note, LogKey());
  EXPECT_THAT(shown, derwent::testing::IsOk()) << "a log that still knows its own by the key of before";
  trust::AddCheckpoint spoilt = *trust::AddCheckpoint::Parse(Log(9).Since(8, "ln"));
  trust::Note note = *trust::Note::Parse(spoilt.checkpoint);
  note.signatures[0].signature[7] ^= 1;
  spoilt.checkpoint = note.ToString();
  EXPECT_EQ(Status(spoilt.ToString()), 200) << "a line that counts no longer spoils nothing";
  EXPECT_THAT(trust::Note::Parse(witness_->Seen(kOrigin)->note)->signatures, ::testing::SizeIs(2)) << "and is left out";
}

// What a client of one witness gives to the other: the checkpoint that it cosigned last, from the size that other saw.
std::string Told(Witness& by, uint64_t old_size) {
  return absl::StrCat("old ", old_size, "\n\n", by.Latest(trust::Sha256(kOrigin).hex()).body);
}

TEST_F(WitnessTest, AForkIsFoundByBothWhenEitherHearsWhatTheOtherSaw) {
  std::unique_ptr<Witness> other = Of("adults", 'a');
  ASSERT_EQ(Status(Log(7).Since(0)), 200);
  ASSERT_EQ(other->AddCheckpoint(Log(7, 'b').Since(0)).status, 200) << "first sight: nothing to hold it against";
  EXPECT_EQ(Status(Told(*other, 7)), 422);
  EXPECT_EQ(other->AddCheckpoint(Told(*witness_, 7)).status, 422);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(witness_->CountEvidence().value(), 1 + start);
    EXPECT_EQ(other->CountEvidence().value(), 1 + start);
    Open();
    other = Of("adults", 'a');
    EXPECT_EQ(Status(Log(12, 'b').Since(7)), 422) << "nor does it follow the other's tree after a start";
    EXPECT_EQ(other->AddCheckpoint(Log(12).Since(7)).status, 422);
  }
  EXPECT_EQ(Status(Log(12).Since(7)), 200) << "what it saw may go on";
}

TEST_F(WitnessTest, OneThatLostItsStateSaysSoAndHoldsToWhatItSeesFirst) {
  ASSERT_EQ(Status(Log(8).Since(0)), 200);
  witness_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(folder_ / (std::string("dfrs.db") + suffix));
  Open();
  EXPECT_EQ(witness_->Seen(kOrigin)->size, 0u);
  const WitnessAnswer answer = witness_->AddCheckpoint(Log(9).Since(8));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "0\n") << "it does not pretend to know the tree that the broker says it saw";
  EXPECT_EQ(Status(Log(9).Since(0)), 200);
  EXPECT_EQ(Status(Log(8).Since(0)), 409);
  EXPECT_EQ(Status(Log(12, 'b').Since(9)), 422);
  EXPECT_EQ(witness_->Seen(kOrigin)->size, 9u);
}

TEST_F(WitnessTest, AProofMustBeTheProof) {
  const std::string hash = Base64Encode(std::string(32, 'h')) + "\n";
  EXPECT_EQ(Status("old 0\n" + hash + "\n" + Log(3).Checkpoint()), 422) << "a proof from nothing";
  EXPECT_EQ(Status(Log(3).Since(0)), 200);
  EXPECT_EQ(Status("old 3\n" + hash + "\n" + Log(3).Checkpoint()), 422) << "a proof of the same size";
  EXPECT_EQ(Status("old 3\n\n" + Log(8).Checkpoint()), 422) << "no proof";
}

TEST_F(WitnessTest, TheEmptyTreeHasItsOwnRoot) {
  EXPECT_EQ(Status(Log(0).Since(0)), 200);
  trust::Note note{
      .text = trust::Checkpoint{.origin = kOrigin, .size = 0, .root = Sha256Digest(), .extensions = ""}.Body(),
      .signatures = {}};
  note.signatures.push_back(*trust::SignNote(note.text, kOrigin, KeyOf('l')));
  EXPECT_EQ(Status("old 0\n\n" + note.ToString()), 422);
  EXPECT_EQ(Status(Log(3).Since(0)), 200);
}

TEST_F(WitnessTest, RemembersAcrossAStartAndNeverGoesBack) {
  EXPECT_EQ(Status(Log(8).Since(0)), 200);
  Open();
  EXPECT_EQ(Status(Log(5).Since(0)), 409);
  EXPECT_EQ(Status(Log(9).Since(8)), 200);
}

TEST_F(WitnessTest, TheTimesOfItsCosignaturesNeverGoBack) {
  EXPECT_EQ(Status(Log(8).Since(0)), 200);
  clock_.Move(-absl::Hours(1));
  Open();
  EXPECT_EQ(Status(Log(9).Since(8)), 500);
  EXPECT_EQ(witness_->Seen(kOrigin)->size, 8u);
  clock_.Move(absl::Hours(2));
  EXPECT_EQ(Status(Log(9).Since(8)), 200);
  EXPECT_EQ(witness_->Seen(kOrigin)->size, 9u);
}

TEST_F(WitnessTest, AClockThatStepsBackWithinTheSecondIsNoStepAndOverItIs) {
  clock_.Move(absl::Milliseconds(700));
  EXPECT_EQ(Status(Log(8).Since(0)), 200);
  clock_.Move(-absl::Milliseconds(500));
  EXPECT_EQ(Status(Log(9).Since(8)), 200) << "the same second";
  clock_.Move(-absl::Milliseconds(500));
  EXPECT_EQ(Status(Log(10).Since(9)), 500) << "the second before";
}

TEST_F(WitnessTest, OfManyAtOnceOneIsTakenFromEachSize) {
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (int i = 1; i <= 8; ++i) {
    threads.emplace_back([&, i] {
      if (Status(Log(8 + static_cast<uint64_t>(i), static_cast<char>('a' + i)).Since(0)) == 200) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1) << "eight histories, one is seen first";
}

}  // namespace
}  // namespace derwent::agents
