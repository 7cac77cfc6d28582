#include "broker/witness/quorum.h"

#include "tests/broker/witness/witness_fixture.h"

namespace derwent::witness {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

absl::StatusOr<Quorum> Make(const std::string& rest, absl::string_view operator_agency = "host",
                            Patience patience = {}) {
  return Quorum::Make(PolicyText(rest), LogKey(), operator_agency, patience);
}

TEST(QuorumTest, KnowsWhoseWitnessItIs) {
  const auto quorum = Make(kTwoOfThree);
  ASSERT_OK(quorum);
  const auto place = quorum->Find(Witnesses()[1].vkey().ToString());
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(quorum->AgencyOf(*place), "dfrs");
  EXPECT_FALSE(quorum->Find(LogKey().ToString()).has_value());
}

TEST(QuorumTest, NobodyMustBeWrittenDown) {
  ASSERT_OK(Make("quorum none\n", ""));
  EXPECT_TRUE(Make("quorum none\n", "")->none());
  EXPECT_THAT(Make("", ""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no `quorum` line")));
}

TEST(QuorumTest, TheOperatorAloneIsNoQuorum) {
  EXPECT_OK(Make("group all2 all host dfrs\nquorum all2\n"));
  EXPECT_THAT(Make("quorum host\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("by themselves")));
  EXPECT_THAT(Make("group either any host dfrs\nquorum either\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("by themselves")));
  EXPECT_THAT(Make(kTwoOfThree, ""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`operator`")));
}

TEST(QuorumTest, TheOperatorsSecondKeyIsTheOperators) {
  const TestWitness second{.name = "host/participant", .seed = 's'};
  const std::string line = absl::StrCat(
      "witness host/participant ",
      trust::VerifierKey::Make("host.example/participant", trust::kNoteCosignature, second.key().public_key())
          ->ToString(),
      "\n");
  EXPECT_THAT(Make(line + "group both all host host/participant\nquorum both\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("by themselves")));
}

TEST(QuorumTest, TwoKeysOfOneAgencyAreNotTwoSectors) {
  const TestWitness second{.name = "police/participant", .seed = 's'};
  const std::string line = absl::StrCat(
      "witness police/participant ",
      trust::VerifierKey::Make("police.example/witness/participant", trust::kNoteCosignature, second.key().public_key())
          ->ToString(),
      "\n");
  EXPECT_OK(Make(absl::StrCat(line, kTwoOfThree))) << "in no group";
  EXPECT_OK(Make(line + "group own any police police/participant\ngroup two 2 own dfrs adults\nquorum two\n"));
  EXPECT_THAT(Make(line + "group two 2 police police/participant dfrs adults\nquorum two\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("would count as two")));
}

TEST(QuorumTest, OneKeyUnderTwoNamesIsRefused) {
  EXPECT_THAT(Make(absl::StrCat("witness twin ", Witnesses()[0].vkey().ToString(), "\nquorum twin\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stands on an earlier line")));
}

TEST(QuorumTest, AnotherLogsPolicyIsRefused) {
  const auto other =
      trust::VerifierKey::Make("other.example/log", trust::kNoteEd25519, ledger::TestKey('o').public_key());
  EXPECT_THAT(Quorum::Make(PolicyText(kTwoOfThree), *other, "host", {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("must be this log's")));
}

TEST(QuorumTest, AnOverlapOfTwoKeysOfTheLogIsWrittenDownTheKeyInUseFirst) {
  const auto next =
      trust::VerifierKey::Make(LogKey().name, trust::kNoteEd25519, ledger::TestKey('n').public_key()).value();
  const auto other =
      trust::VerifierKey::Make("other.example/log", trust::kNoteEd25519, ledger::TestKey('o').public_key()).value();
  const auto overlap = Make(absl::StrCat("log ", next.ToString(), "\n", kTwoOfThree));
  ASSERT_OK(overlap);
  EXPECT_EQ(overlap->log_keys().current().ToString(), LogKey().ToString());
  EXPECT_THAT(Quorum::Make(overlap->text(), next, "host", {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Make(absl::StrCat("log ", other.ToString(), "\n", kTwoOfThree)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("this log's")));
}

TEST(QuorumTest, TheWarningComesBeforeTheLimit) {
  EXPECT_THAT(Make(kTwoOfThree, "host", {.amber = absl::Seconds(2), .limit = absl::Seconds(1)}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::witness
