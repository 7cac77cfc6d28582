#include "agents/cli/ledger/entry_view.h"

#include "absl/strings/str_join.h"

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

v1::LedgerEntry Entry(const std::vector<std::pair<std::string, std::string>>& fields) {
  v1::LedgerEntry entry;
  entry.set_index(25);
  for (const auto& [name, value] : fields) {
    entry.add_fields()->set_name(name);
    entry.mutable_fields(entry.fields_size() - 1)->set_value(value);
  }
  return entry;
}

std::string Told(const v1::LedgerEntry& entry) { return absl::StrJoin(EntryView(entry).Sentences(), "\n"); }

TEST(EntryViewTest, ReadsPairs) {
  EXPECT_THAT(ParsePairs("a=1 b=x=y stray"), ElementsAre(Pair("a", "1"), Pair("b", "x=y")));
}

TEST(EntryViewTest, SaysWhatWasDecidedAndWhy) {
  const std::string told = Told(
      Entry({{"time", "1795536292272"},
             {"releasing_agency", "police.derbys"},
             {"receiving_agency", "dfrs"},
             {"subject_role", "subject=1 role=victim"},
             {"categories",
              "category=identity asked=full outcome=PERMIT form=full\ncategory=identifier asked=full outcome=DENY\n"},
             {"purpose", "purpose=case.da_safety profile=marac area=E07000034"},
             {"outcome", "outcome=PARTIAL reasons=CATEGORY_NOT_PERMITTED"},
             {"step", "step=referral actor=releasing"}}));
  for (const char* part : {"2026-11-24T16:04:52.272Z: referral from police.derbys to dfrs", "subject 1, victim",
                           "identity: permitted", "identifier: not permitted",
                           "the profile does not release this category", "profile marac", "Outcome: PARTIAL"}) {
    EXPECT_THAT(told, HasSubstr(part));
  }
}

TEST(EntryViewTest, TellsWhatWasAgreedToFromWhatWaits) {
  const auto told = [](const std::string& step) {
    return Told(Entry({{"categories",
                        "category=contact asked=full outcome=APPROVE form=flag_only\n"
                        "category=health.physical asked=full outcome=APPROVE\n"},
                       {"outcome", "outcome=PENDING"},
                       {"step", absl::StrCat("step=", step, " actor=releasing")}}));
  };
  EXPECT_THAT(told("referral"), HasSubstr("contact: agreed to, in form flag_only"));
  EXPECT_THAT(told("referral"), HasSubstr("health.physical: waits for agreement"));
  EXPECT_THAT(told("referral"), HasSubstr("Outcome: PENDING by the rules; what is given was agreed to."));
  EXPECT_THAT(told("supplement"), HasSubstr("contact: agreed to"));
  EXPECT_THAT(told("answer"), HasSubstr("contact: permitted once it is agreed to, at most in form flag_only"));
  EXPECT_THAT(told("plan"), HasSubstr("contact: permitted once it is agreed to"));
}

TEST(EntryViewTest, SaysTheRouteAndItsDocument) {
  const std::string told = Told(Entry({{"purpose", "purpose=case.asb_review profile=asb_cr route=STATUTORY_REQUEST"},
                                       {"ids", "share=s document=ASBCR/2026/0117"}}));
  EXPECT_THAT(told, HasSubstr("Route: STATUTORY_REQUEST, document ASBCR/2026/0117."));
  EXPECT_THAT(Told(Entry({{"purpose", "purpose=case.da_safety"}})), Not(HasSubstr("Route")));
}

TEST(EntryViewTest, SaysTheLawOfEachSideAndTheAgreement) {
  const std::string told = Told(Entry(
      {{"releasing_agency", "police.derbys"},
       {"receiving_agency", "dfrs"},
       {"bases", "releasing.bases=le.35 releasing.regimes=PART_3 receiving.bases=lb.ea.p6 receiving.regimes=UK_GDPR"},
       {"conditions", "receiving.conditions=c9.g18,c10.36"},
       {"agreement", "agreement=marac revision=2"}}));
  EXPECT_THAT(told, HasSubstr("Law, police.derbys (releasing): bases le.35; regimes PART_3."));
  EXPECT_THAT(told, HasSubstr("Law, dfrs (receiving): bases lb.ea.p6; regimes UK_GDPR; conditions c9.g18, c10.36."));
  EXPECT_THAT(told, HasSubstr("Agreement: marac, revision 2."));
}

TEST(EntryViewTest, SaysNothingOfFieldsThatAreNotOpened) {
  const std::string told = Told(Entry({{"step", "step=read actor=releasing"}}));
  EXPECT_THAT(told, Not(HasSubstr("Outcome")));
  EXPECT_THAT(told, Not(HasSubstr("Law")));
}

TEST(EntryViewTest, SaysWhatAPublicEntryIs) {
  v1::LedgerEntry entry;
  entry.set_index(24);
  entry.mutable_public_entry()->mutable_time()->set_seconds(1795536292);
  entry.mutable_public_entry()->set_agency("police.derbys");
  entry.mutable_public_entry()->set_step("key_event");
  EXPECT_EQ(Told(entry), "Entry 24, 2026-11-24T16:04:52.000Z: key_event from police.derbys.");
  entry.mutable_public_entry()->set_agency("");
  entry.mutable_public_entry()->set_step("policy");
  EXPECT_THAT(Told(entry), HasSubstr("policy, done by the broker itself"));
}

TEST(EntryViewTest, AnUnknownReasonStaysItsCode) {
  EXPECT_THAT(Told(Entry({{"outcome", "outcome=DENY reasons=LATER_REASON"}})), HasSubstr("LATER_REASON"));
}

}  // namespace
}  // namespace derwent::cli
