#include "agents/sdk/quorum_watch.h"

#include "tests/support/matchers.h"
#include "trust/note/cosignature.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using ::derwent::testing::IsOk;

trust::Ed25519Key Key(char seed) {
  return trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, seed))).value();
}
absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(1'790'000'000 + seconds); }

constexpr char kLog[] = "derwent.example/log";
constexpr char kWitness[] = "dfrs.example/witness";

class QuorumWatchTest : public ::testing::Test {
 protected:
  static trust::VerifierKey LogKey() {
    return trust::VerifierKey::Make(kLog, trust::kNoteEd25519, Key('l').public_key()).value();
  }
  static trust::QuorumPolicy Policy(const std::string& quorum) {
    const trust::VerifierKey log = LogKey();
    const auto witness = trust::VerifierKey::Make(kWitness, trust::kNoteCosignature, Key('w').public_key()).value();
    return trust::QuorumPolicy::Parse("log " + log.ToString() + "\nwitness dfrs " + witness.ToString() + "\nquorum " +
                                      quorum + "\n")
        .value();
  }
  // A checkpoint of `size`, cosigned by `seed`'s key under the witness's name.
  static std::string Cosigned(uint64_t size, char seed = 'w') {
    const std::string body =
        trust::Checkpoint{.origin = kLog, .size = size, .root = trust::Sha256("root"), .extensions = ""}.Body();
    return trust::Note{.text = body,
                       .signatures = {trust::SignNote(body, kLog, Key('l')).value(),
                                      trust::Cosign(body, kWitness, Key(seed), At(0)).value()}}
        .ToString();
  }

  // As the agent does: a note that does not verify counts as none.
  absl::Status Observe(uint64_t known, const std::string& note, absl::Time now) {
    if (note.empty()) return watch_.Observe(known, 0, now), absl::OkStatus();
    const auto cosigned = watch_.Open(note, LogKey());
    watch_.Observe(known, cosigned.ok() ? cosigned->size : 0, now);
    return cosigned.status();
  }

  QuorumWatch watch_{Policy("dfrs"), absl::Seconds(100), ""};
};

TEST_F(QuorumWatchTest, EntriesUnderAQuorumHaveNoAge) {
  ASSERT_OK(Observe(7, Cosigned(7), At(0)));
  EXPECT_EQ(watch_.Age(At(1'000)), absl::ZeroDuration());
  EXPECT_FALSE(watch_.Stopped(At(1'000)));
}

TEST_F(QuorumWatchTest, AgeCountsFromTheFirstEntryKnownThatNoQuorumCovers) {
  ASSERT_OK(Observe(8, Cosigned(7), At(0)));
  ASSERT_OK(Observe(9, Cosigned(7), At(50)));
  EXPECT_TRUE(watch_.Amber(At(11)));
  EXPECT_FALSE(watch_.Stopped(At(100)));
  EXPECT_TRUE(watch_.Stopped(At(101)));
  ASSERT_OK(Observe(10, Cosigned(8), At(101)));
  EXPECT_EQ(watch_.Age(At(102)), absl::Seconds(1)) << "of what came after";
  ASSERT_OK(Observe(10, Cosigned(10), At(103)));
  EXPECT_FALSE(watch_.Stopped(At(900)));
}

TEST_F(QuorumWatchTest, ABrokerThatHidesTheQuorumStopsItsOwnTraffic) {
  ASSERT_OK(Observe(8, "", At(0)));
  ASSERT_OK(Observe(9, "", At(200)));
  EXPECT_TRUE(watch_.Stopped(At(200)));
}

TEST_F(QuorumWatchTest, WhatDoesNotVerifyCountsAsNone) {
  EXPECT_FALSE(Observe(8, Cosigned(8, 'x'), At(0)).ok());
  EXPECT_FALSE(Observe(8, "no note", At(0)).ok());
  EXPECT_TRUE(watch_.Stopped(At(101)));
}

TEST_F(QuorumWatchTest, ARestartDoesNotForget) {
  ASSERT_OK(Observe(8, "", At(0)));
  const QuorumWatch again(Policy("dfrs"), absl::Seconds(100), watch_.Kept());
  EXPECT_TRUE(again.Stopped(At(101)));
  const QuorumWatch fresh(Policy("dfrs"), absl::Seconds(100), "nonsense");
  EXPECT_FALSE(fresh.Stopped(At(101)));
}

TEST_F(QuorumWatchTest, WhatIsUnderAQuorumStaysSoWhenNothingMoreIsSaid) {
  ASSERT_OK(Observe(7, Cosigned(7), At(0)));
  ASSERT_OK(Observe(7, "", At(50)));
  EXPECT_FALSE(watch_.Stopped(At(900)));
  QuorumWatch again(Policy("dfrs"), absl::Seconds(100), watch_.Kept());
  again.Observe(7, 0, At(900));
  EXPECT_FALSE(again.Stopped(At(1'900)));
  again.Observe(8, 0, At(2'000));
  EXPECT_TRUE(again.Stopped(At(2'101)));
}

TEST_F(QuorumWatchTest, AnOlderTreeDoesNotHideANewerOne) {
  watch_.Observe(9, 0, At(0));
  watch_.Observe(7, 7, At(50));
  EXPECT_TRUE(watch_.Stopped(At(101)));
}

TEST_F(QuorumWatchTest, NobodyIsNeverStopped) {
  QuorumWatch watch(Policy("none"), absl::Seconds(100), "");
  watch.Observe(8, 0, At(0));
  EXPECT_FALSE(watch.Stopped(At(5'000)));
  EXPECT_TRUE(watch.none());
}

}  // namespace
}  // namespace derwent::agents
