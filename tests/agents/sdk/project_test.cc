#include "agents/sdk/project.h"

#include <random>
#include <string>

#include "agents/sdk/labels.h"
#include "derwent/v1/options.pb.h"
#include "tests/agents/sdk/random_record.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;

constexpr const char* kFactForms[] = {"full", "generalise", "mask", "pseudonymise", "flag_only"};

v1::CaseRecord Victim() {
  v1::CaseRecord record;
  v1::IdentityFact& name = *record.mutable_identity()->add_facts();
  name.mutable_provenance()->set_origin_system("rms");
  name.add_given_names("Orla");
  name.set_surname("Fennimore");
  name.set_date_of_birth("1988-03-09");
  v1::LocationCurrentFact& home = *record.mutable_location_current()->add_facts();
  home.mutable_place()->set_postcode("DE56 1XX");
  home.mutable_place()->add_lines("4 Sample Row");
  return record;
}

Pseudonymiser Keyed() { return Pseudonymiser(trust::SecretBytes(std::string(32, 'k'))); }

v1::UnitContent Projected(const v1::CaseRecord& record, absl::string_view category, absl::string_view form) {
  auto content = ProjectUnit(record, category, form, Keyed(), {});
  EXPECT_THAT(content, IsOk());
  return content.ok() ? *content : v1::UnitContent();
}

TEST(ReductionTest, CutsDatesAndDropsWhatIsNone) {
  EXPECT_EQ(CutToMonth("1951-04-30"), "1951-04");
  EXPECT_EQ(CutToMonth("1951"), "1951");
  EXPECT_EQ(CutToYear("1951-04-30T10:00:00Z"), "1951");
  EXPECT_EQ(CutToMonth("30/04/1951"), "");
  EXPECT_EQ(CutToYear("spring"), "");
}

TEST(ReductionTest, CutsPostcodesToTheirOutwardPart) {
  EXPECT_EQ(OutwardPostcode("DE56 1XX"), "DE56");
  EXPECT_EQ(OutwardPostcode("DE561XX"), "DE56");
  EXPECT_EQ(OutwardPostcode("EC1A 1BB"), "EC1A");
  EXPECT_EQ(OutwardPostcode("DE56"), "DE56");
  EXPECT_EQ(OutwardPostcode("4 Sample Row"), "");
}

TEST(ReductionTest, MasksAllButTheLastThreeCharacters) {
  EXPECT_EQ(MaskValue("9990001243"), "*******243");
  EXPECT_EQ(MaskValue("243"), "***");
  EXPECT_EQ(MaskValue("Zoëë"), "*oëë");
  EXPECT_EQ(Initials("Zoë Ann-Marie"), "Z. A.");
  EXPECT_EQ(BandOfTen(37), 30);
  EXPECT_EQ(BandOfTen(-3), -10);
}

TEST(ReductionTest, PseudonymsAreStableWithinAShareAndNoOriginalPassesForOne) {
  const Pseudonymiser share = Keyed();
  const std::string pseudonym = share.Apply("9990001243");
  EXPECT_EQ(pseudonym.size(), 16u);
  EXPECT_EQ(share.Apply("9990001243"), pseudonym);
  EXPECT_EQ(share.Apply(pseudonym), pseudonym);
  EXPECT_NE(share.Apply("0123456789abcdef"), "0123456789abcdef");
  EXPECT_EQ(Pseudonymiser().Apply(pseudonym), pseudonym);
  EXPECT_EQ(Pseudonymiser().Apply("9990001243"), "");
}

TEST(ProjectTest, FullKeepsAllButUnreviewedText) {
  v1::CaseRecord record;
  v1::RiskVictimFact& fact = *record.mutable_risk_victim()->add_facts();
  fact.set_safety_plan("stays with her sister");
  fact.set_instrument("DASH-2009");
  EXPECT_EQ(Projected(record, "risk.victim", "full").risk_victim().facts(0).safety_plan(), "");
  fact.mutable_provenance()->set_reviewed_by("p-4c1e07");
  EXPECT_EQ(Projected(record, "risk.victim", "full").risk_victim().facts(0).safety_plan(), "stays with her sister");
  EXPECT_EQ(Projected(record, "risk.victim", "generalise").risk_victim().facts(0).safety_plan(), "");
}

TEST(ProjectTest, GeneralisedIdentityHasNoName) {
  const v1::UnitContent content = Projected(Victim(), "identity", "generalise");
  EXPECT_THAT(content.DebugString(), Not(HasSubstr("Fennimore")));
  EXPECT_EQ(content.identity().facts(0).date_of_birth(), "1988");
}

TEST(ProjectTest, SummariesComeFromANamedPersonOnly) {
  v1::CaseRecord record = Victim();
  EXPECT_THAT(ProjectUnit(record, "identity", "summarise", Keyed(), {}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  v1::CategorySummary& summary = *record.add_summaries();
  summary.set_category("identity");
  summary.mutable_summary()->set_text("known to us");
  EXPECT_THAT(ProjectUnit(record, "identity", "summarise", Keyed(), {}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  summary.mutable_summary()->set_author("p-4c1e07");
  EXPECT_EQ(Projected(record, "identity", "summarise").summary().text(), "known to us");
}

TEST(ProjectTest, RefusesUnknownWordsAndEmptyCategories) {
  EXPECT_THAT(ProjectUnit(Victim(), "identities", "full", Keyed(), {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ProjectUnit(Victim(), "aggregate", "generalise", Keyed(), {}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ProjectUnit(Victim(), "identity", "aggregate", Keyed(), {}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ProjectUnit(Victim(), "contact", "full", Keyed(), {}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(HeldCategories(Victim()), ElementsAre("identity", "location.current"));
}

TEST(ProjectTest, AProtectedAddressLeavesTheCurrentOnes) {
  v1::CaseRecord record = Victim();
  record.add_subject_flags("address_protected");
  MoveProtectedAddresses(record);
  EXPECT_THAT(HeldCategories(record), ElementsAre("identity", "location.protected"));
  EXPECT_EQ(record.location_protected().facts(0).place().postcode(), "DE56 1XX");
  EXPECT_THAT(Projected(record, "location.protected", "flag_only").DebugString(), Not(HasSubstr("DE56")));
}

TEST(ProjectTest, ProjectingTwiceChangesNothingAndEveryLabelHolds) {
  constexpr uint64_t kSeed = 20261124;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  for (int run = 0; run < 200; ++run) {
    v1::CaseRecord record;
    testing::FillRandomly(record, random);
    for (const std::string& category : HeldCategories(record)) {
      for (const char* form : kFactForms) {
        auto once = ProjectUnit(record, category, form, Keyed(), {});
        if (!once.ok()) continue;
        v1::UnitContent twice = *once;
        ASSERT_THAT(ProjectAgain(twice, Keyed()), IsOk());
        ASSERT_EQ(twice.SerializeAsString(), once->SerializeAsString()) << category << " " << form;
        ASSERT_THAT(CheckLabel(*once, category, form, ""), IsOk());
      }
    }
  }
}

TEST(LabelTest, AFullUnitUnderAWeakerLabelIsMislabelled) {
  v1::UnitContent content = Projected(Victim(), "identity", "full");
  content.set_form("generalise");
  EXPECT_THAT(CheckLabel(content, "identity", "generalise", ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("MISLABELLED")));
}

TEST(LabelTest, AnotherCategoryUnderALabelIsMislabelled) {
  v1::UnitContent content = Projected(Victim(), "location.current", "full");
  content.set_category("identity");
  EXPECT_THAT(CheckLabel(content, "identity", "full", ""), Not(IsOk()));
}

TEST(LabelTest, AFieldUnknownHereIsMislabelled) {
  v1::UnitContent content = Projected(Victim(), "identity", "full");
  v1::IdentityFact& fact = *content.mutable_identity()->mutable_facts(0);
  fact.GetReflection()->MutableUnknownFields(&fact)->AddLengthDelimited(900, "smuggled");
  EXPECT_THAT(CheckLabel(content, "identity", "full", ""), Not(IsOk()));
}

TEST(LabelTest, TheNeutralTextCountsOnlyWhereAskedFor) {
  v1::UnitContent content;
  content.set_category("identity");
  content.set_form("full");
  content.set_neutral(NeutralText("dcc.adults"));
  EXPECT_THAT(CheckLabel(content, "identity", "full", "dcc.adults"), IsOk());
  EXPECT_THAT(CheckLabel(content, "identity", "full", ""), Not(IsOk()));
  content.set_neutral("she lives at 4 Sample Row");
  EXPECT_THAT(CheckLabel(content, "identity", "full", "dcc.adults"), Not(IsOk()));
}

}  // namespace
}  // namespace derwent::agents
