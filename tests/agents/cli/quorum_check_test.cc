#include "agents/cli/ledger/quorum_check.h"

#include "tests/support/matchers.h"
#include "trust/note/cosignature.h"
#include "trust/note/quorum.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOk;
using derwent::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kLog[] = "derwent.example/log";
constexpr char kWitness[] = "dfrs.example/witness";

trust::Ed25519Key Key(char seed) {
  return trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, seed))).value();
}

class QuorumCheckTest : public ::testing::Test {
 protected:
  QuorumCheckTest() {
    quorum_.set_policy(Policy('w', "dfrs"));
    quorum_.set_standing(v1::LEDGER_STANDING_WITNESSED);
    quorum_.set_cosigned_note(Cosigned('w'));
  }
  static trust::VerifierKey LogKey() {
    return trust::VerifierKey::Make(kLog, trust::kNoteEd25519, Key('l').public_key()).value();
  }
  static std::string Policy(char witness, const std::string& quorum) {
    const auto key = trust::VerifierKey::Make(kWitness, trust::kNoteCosignature, Key(witness).public_key()).value();
    return absl::StrCat("log ", LogKey().ToString(), "\nwitness dfrs ", key.ToString(), "\nquorum ", quorum, "\n");
  }
  static std::string Cosigned(char witness) {
    const std::string body =
        trust::Checkpoint{.origin = kLog, .size = 7, .root = trust::Sha256("root"), .extensions = ""}.Body();
    return trust::Note{.text = body,
                       .signatures = {trust::SignNote(body, kLog, Key('l')).value(),
                                      trust::Cosign(body, kWitness, Key(witness), absl::FromUnixSeconds(1)).value()}}
        .ToString();
  }
  auto Check(const std::string& own) const { return CheckQuorum(quorum_, own, LogKey()); }

  v1::GetQuorumResponse quorum_;
};

TEST_F(QuorumCheckTest, WhatVerifiesUnderTheOwnPolicyIsBelieved) {
  const auto checked = Check(Policy('w', "dfrs"));
  ASSERT_THAT(checked.status(), IsOk());
  EXPECT_EQ((*checked)->size, 7u);
}

TEST_F(QuorumCheckTest, AnOverlapOfTwoKeysOfTheLogIsBelievedAndAnotherLogIsNot) {
  const auto policy = [](const std::string& name) {
    const auto more = trust::VerifierKey::Make(name, trust::kNoteEd25519, Key('n').public_key()).value();
    return absl::StrCat("log ", more.ToString(), "\n", Policy('w', "dfrs"));
  };
  quorum_.set_policy(policy(kLog));
  EXPECT_THAT(Check(policy(kLog)).status(), IsOk());
  quorum_.set_policy(policy("other.example/log"));
  EXPECT_THAT(Check(policy("other.example/log")).status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another log")));
}

TEST_F(QuorumCheckTest, WitnessesOfTheBrokersOwnAreNot) {
  quorum_.set_policy(Policy('x', "dfrs"));
  quorum_.set_cosigned_note(Cosigned('x'));
  EXPECT_THAT(Check(Policy('w', "dfrs")).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not this")));
  quorum_.set_policy(Policy('w', "dfrs"));
  EXPECT_THAT(Check(Policy('w', "dfrs")).status(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(QuorumCheckTest, WitnessedWithoutANoteIsBroken) {
  quorum_.clear_cosigned_note();
  EXPECT_THAT(Check(Policy('w', "dfrs")).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("shows no")));
  quorum_.set_standing(v1::LEDGER_STANDING_AMBER);
  EXPECT_FALSE(Check(Policy('w', "dfrs"))->has_value());
}

TEST_F(QuorumCheckTest, NobodyIsAskedOnlyWhereTheOwnPolicySaysSo) {
  quorum_.set_standing(v1::LEDGER_STANDING_NO_QUORUM);
  EXPECT_THAT(Check(Policy('w', "dfrs")).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("standing")));
  quorum_.set_policy(Policy('w', "none"));
  EXPECT_FALSE(Check(Policy('w', "none"))->has_value());
}

}  // namespace
}  // namespace derwent::cli
