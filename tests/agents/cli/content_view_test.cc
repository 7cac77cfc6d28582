#include "agents/cli/share/content_view.h"

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::UnitContent Parse(const char* text) {
  v1::UnitContent content;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &content));
  return content;
}

TEST(ContentViewTest, AFactIsWordsBesideItsProvenance) {
  const auto lines = FactLines(Parse(R"pb(
    category: "identity"
    form: "full"
    identity {
      facts {
        provenance {
          origin_system: "rms"
          origin_organisation_type: "police"
          nature: FACT_NATURE_FACT
          as_at: "2026-11-20"
        }
        kind: NAME_KIND_CURRENT
        given_names: "Ines"
        given_names: "Mara"
        surname: "Testwell"
      }
    })pb"));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].text, "kind current; given names Ines, Mara; surname Testwell");
  EXPECT_EQ(lines[0].provenance, "fact, rms (police), 2026-11-20");
}

TEST(ContentViewTest, ADisputedFactSaysSoFirst) {
  const auto lines =
      FactLines(Parse("identity { facts { provenance { disputed: true nature: FACT_NATURE_ALLEGATION } } }"));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].provenance, "DISPUTED, allegation");
}

TEST(ContentViewTest, ARelayRouteIsALineWithoutProvenance) {
  const auto lines = FactLines(Parse(
      R"pb(relay { agency: "police.derbys" supporter_role: "idva" instruction: "send_message_via_supporter" })pb"));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].text, "agency police.derbys; supporter role idva; instruction send_message_via_supporter");
}

TEST(ContentViewTest, TheNeutralTextIsShownAsItIs) {
  EXPECT_EQ(FactLines(Parse(R"pb(neutral: "ask the SPOC")pb"))[0].text, "ask the SPOC");
}

TEST(ContentViewTest, AnEmptyUnitHasNoLines) { EXPECT_THAT(FactLines(v1::UnitContent()), IsEmpty()); }

}  // namespace
}  // namespace derwent::cli
