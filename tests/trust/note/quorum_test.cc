#include "trust/note/quorum.h"

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"
#include "trust/note/cosignature.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Ed25519Key KeyOf(char seed) { return Ed25519Key::FromSeed(SecretBytes(std::string(32, seed))).value(); }
VerifierKey Log() { return VerifierKey::Make("derwent.example/ledger", kNoteEd25519, KeyOf('l').public_key()).value(); }
VerifierKey Witness(char seed) {
  return VerifierKey::Make(absl::StrCat("witness.example/", std::string(1, seed)), kNoteCosignature,
                           KeyOf(seed).public_key())
      .value();
}
std::string WitnessLine(char seed) {
  return absl::StrCat("witness ", std::string(1, seed), " ", Witness(seed).ToString(), "\n");
}
std::string LogLine() { return absl::StrCat("log ", Log().ToString(), " https://ledger.example/\n"); }

// Two of: police, health, either of two councils.
std::string Sectors() {
  return absl::StrCat("# sectors\n", LogLine(), "\n", WitnessLine('p'), WitnessLine('h'), WitnessLine('c'),
                      WitnessLine('d'), "group councils any c d\n\tgroup sectors  2 p h councils\nquorum sectors\n");
}

// A checkpoint signed by the log and these witnesses.
std::string Cosigned(const std::string& witnesses, const std::string& spoilt = "") {
  const std::string body = Checkpoint{.origin = "derwent.example/ledger", .size = 7, .root = Sha256Digest()}.Body();
  Note note{.text = body, .signatures = {SignNote(body, "derwent.example/ledger", KeyOf('l')).value()}};
  for (const char seed : witnesses) {
    NoteSignature line = Cosign(body, Witness(seed).name, KeyOf(seed), absl::FromUnixSeconds(1'790'000'000)).value();
    if (spoilt == std::string(1, seed)) line.signature[20] ^= 1;
    note.signatures.push_back(std::move(line));
  }
  return note.ToString();
}

TEST(QuorumTest, KeysThatMeetWhereOneIsEnoughNeverAddUp) {
  const auto policy = QuorumPolicy::Parse(Sectors());
  ASSERT_OK(policy);
  EXPECT_TRUE(policy->AddUp(0, 1)) << "p and h meet in `sectors`, which needs two";
  EXPECT_TRUE(policy->AddUp(2, 0));
  EXPECT_FALSE(policy->AddUp(2, 3)) << "c and d meet in `councils`, which needs any";
  const auto part = QuorumPolicy::Parse(
      absl::StrCat(LogLine(), WitnessLine('p'), WitnessLine('h'), WitnessLine('c'), "group both all p h\nquorum c\n"));
  ASSERT_OK(part);
  EXPECT_FALSE(part->AddUp(0, 1)) << "a group that is not of the quorum";
  EXPECT_FALSE(part->AddUp(0, 2));
}

TEST(QuorumTest, AWitnessWithAKeyOfALaterTypeIsAMemberThatNeverSigns) {
  const std::string key = std::string("\x06") + std::string(1312, 'k');  // ML-DSA-44.
  const std::string line = absl::StrCat("witness m witness.example/m+0badcafe+", Base64Encode(key), "\n");
  const auto either =
      QuorumPolicy::Parse(absl::StrCat(LogLine(), WitnessLine('p'), line, "group one any p m\nquorum one\n"));
  ASSERT_OK(either);
  EXPECT_OK(OpenCosignedCheckpoint(Cosigned("p"), *either, Log()));
  EXPECT_FALSE(OpenCosignedCheckpoint(Cosigned("h"), *either, Log()).ok());
  const auto both =
      QuorumPolicy::Parse(absl::StrCat(LogLine(), WitnessLine('p'), line, "group two all p m\nquorum two\n"));
  ASSERT_OK(both);
  EXPECT_FALSE(OpenCosignedCheckpoint(Cosigned("p"), *both, Log()).ok());
  for (const std::string bad : {"witness m +0badcafe+", "witness m w+0BADCAFE+", "witness m w+0bad+"})
    EXPECT_FALSE(QuorumPolicy::Parse(absl::StrCat(LogLine(), bad, Base64Encode(key), "\nquorum m\n")).ok()) << bad;
}

TEST(QuorumTest, AnAgencysSecondKeyCountsInItsFirstsPlaceOnly) {
  const auto with = [](const std::string& rest) {
    return CheckAgenciesCountOnce(
        QuorumPolicy::Parse(absl::StrCat(LogLine(), WitnessLine('p'), "witness p/participant ", Witness('s').ToString(),
                                         "\n", WitnessLine('h'), rest))
            .value());
  };
  EXPECT_OK(with("group both all p h\nquorum both\n"));
  EXPECT_OK(with("group police any p p/participant\ngroup both all police h\nquorum both\n"));
  EXPECT_OK(with("quorum none\n"));
  EXPECT_THAT(with("group two 2 p p/participant h\nquorum two\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("two keys of `p`")));
  EXPECT_THAT(with("group one any p h\ngroup two all one p/participant\nquorum two\n"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(QuorumTest, CountsGroupsAndWitnesses) {
  const auto policy = QuorumPolicy::Parse(Sectors());
  ASSERT_OK(policy);
  EXPECT_THAT(policy->logs(), SizeIs(1));
  EXPECT_THAT(policy->witnesses(), SizeIs(4));
  EXPECT_FALSE(policy->none());
  EXPECT_THAT(policy->witness_urls(), ::testing::Each(""));
  const auto reached = QuorumPolicy::Parse("witness p " + Witness('p').ToString() + " http://p.example/\nquorum p\n");
  EXPECT_THAT(reached->witness_urls(), ::testing::ElementsAre("http://p.example/"));
  for (const char* enough : {"ph", "pc", "dh", "phcd"})
    EXPECT_OK(OpenCosignedCheckpoint(Cosigned(enough), *policy, Log())) << enough;
  for (const char* too_few : {"", "p", "cd", "pp", "ccd"}) {
    EXPECT_THAT(OpenCosignedCheckpoint(Cosigned(too_few), *policy, Log()),
                StatusIs(absl::StatusCode::kFailedPrecondition))
        << too_few;
  }
}

TEST(QuorumTest, AKnownWitnessWhoseLineFailsSpoilsTheNoteAndAnUnknownOneDoesNot) {
  const auto policy = QuorumPolicy::Parse(Sectors());
  ASSERT_OK(policy);
  EXPECT_THAT(OpenCosignedCheckpoint(Cosigned("phc", "c"), *policy, Log()),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(OpenCosignedCheckpoint(Cosigned("phx", "x"), *policy, Log()));
}

TEST(QuorumTest, WithoutWitnessesTheLogAloneCounts) {
  const auto policy = QuorumPolicy::Parse(QuorumPolicy::WithoutWitnesses(Log()));
  ASSERT_OK(policy);
  EXPECT_TRUE(policy->none());
  EXPECT_OK(OpenCosignedCheckpoint(Cosigned(""), *policy, Log()));
  const VerifierKey another = VerifierKey::Make(Log().name, kNoteEd25519, KeyOf('o').public_key()).value();
  EXPECT_THAT(OpenCosignedCheckpoint(Cosigned(""), *policy, another), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(QuorumTest, AQuorumMakesNoKeyOfTheLogCountBeyondItsSize) {
  const auto policy = QuorumPolicy::Parse(Sectors());
  const VerifierKey next = VerifierKey::Make(Log().name, kNoteEd25519, KeyOf('o').public_key()).value();
  const auto until = [&](uint64_t size) {
    const auto keys = LogKeys::Make({{.key = next, .last_size = std::nullopt}, {.key = Log(), .last_size = size}});
    return OpenCosignedCheckpoint(Cosigned("ph"), *policy, *keys).status();
  };
  EXPECT_OK(until(7));
  EXPECT_THAT(until(6), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("counts up to 6 entries")));
}

struct Bad {
  std::string text;
  const char* why;
};

TEST(QuorumTest, RefusesWithLineAndRule) {
  const VerifierKey twice = VerifierKey::Make("other.example", kNoteCosignature, KeyOf('p').public_key()).value();
  const std::string two = absl::StrCat(WitnessLine('p'), WitnessLine('h'));
  for (const Bad& bad : std::vector<Bad>{
           {"# nothing\n", "there is no `quorum` line"},
           {"quorum none\nquorum none\n", "line 2: there is a second"},
           {"quorum all\n", "line 1: a name is not defined"},
           {"group g any p\nquorum g\n", "line 1: a name is not defined on an earlier line"},
           {two + "group g 0 p h\nquorum g\n", "line 3: a group needs"},
           {two + "group g 3 p h\nquorum g\n", "line 3: a group needs"},
           {two + "group g 01 p h\nquorum g\n", "line 3: a group needs"},
           {two + "group g all p p\nquorum g\n", "line 3: a member is in a group already"},
           {two + "group g any p\ngroup f any p h\nquorum f\n", "line 4: a member is in a group already"},
           {two + "group p any h\nquorum p\n", "line 3: the name is defined"},
           {two + "group none any h\nquorum none\n", "line 3: `none` is no name"},
           {WitnessLine('p') + "witness q " + twice.ToString() + "\nquorum p\n", "line 2: the key stands on"},
           {"log " + Witness('p').ToString() + "\nquorum none\n", "line 1: a log's key has type 0x01"},
           {"witness p " + Log().ToString() + "\nquorum p\n",
            "line 1: a witness's key signs cosignatures: type 0x04, not 0x01"},
           {"log x\nquorum none\n", "line 1: a verifier key has the form"},
           {"logs\nquorum none\n", "line 1: it begins with none of"},
           {"quorum none\r\n", "line 1: it holds a control character"},
           {"quorum none extra\n", "line 1: a quorum is"},
       }) {
    EXPECT_THAT(QuorumPolicy::Parse(bad.text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.why)))
        << bad.text;
  }
}

}  // namespace
}  // namespace derwent::trust
