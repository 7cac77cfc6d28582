// What else the validator refuses: clocks, slots, companions, roles, words; and what it warns of. check_rules.py sees
// to it that no branch is without its line here or beside.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "policy/loader/compile.h"
#include "policy/loader/request_names.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/refused.h"

namespace derwent::policy {
namespace {

constexpr char kWords[] = "vocabulary.txtpb";
constexpr char kMarac[] = "profiles/marac.txtpb";
constexpr char kMash[] = "profiles/mash.txtpb";

class Refusals : public ::testing::TestWithParam<Refused> {};

TEST_P(Refusals, AreNamedWithTheOffendingLine) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    OfClocks, Refusals,
    ::testing::Values(Refused{"NoCollection", kMarac, "collection_hours: 120\n", "", "",
                              "no collection deadline is stated [clock]"},
                      Refused{"TwoLimits", kMarac, "id: \"idva_contact\" working_days: 2",
                              "id: \"idva_contact\" working_days: 2 hours: 3", "id: \"idva_contact\"",
                              "clock `idva_contact` has not exactly one limit [clock]"},
                      Refused{"NoStart", kMarac, "working_days: 2 starts: \"the referral\"", "working_days: 2",
                              "id: \"idva_contact\"", "clock `idva_contact` does not say what starts it [clock]"},
                      Refused{"NegativeRequest", kMarac, "answer_slot: ", "request_hours: -1\nanswer_slot: ", "",
                              "request_hours is negative [clock]"},
                      Refused{"NegativeLedger", kMash, "ledger_months: 312", "ledger_months: -1", "",
                              "ledger_months is negative [retention]"},
                      Refused{"NoSlot", kMarac, "answer_slot: \"1wd\"\n", "", "",
                              "an existence-sensitive profile has no answer slot [answer-slot]"},
                      Refused{"NoSlotAtAll", kMarac, "answer_slot: \"1wd\"", "answer_slot: \"soon\"",
                              "answer_slot: \"soon\"", "`soon` is no answer slot [answer-slot]"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    OfProfiles, Refusals,
    ::testing::Values(
        Refused{"CompanionOfNobody", kMarac, "  agencies: \"dcc.childrens\"\n  agencies: \"derby.council\"\n}", "}",
                "\"mash_manager\"", "a companion share names no agency [companion]"},
        Refused{"ItsOwnCompanion", kMarac, "  profile: \"mash\"", "  profile: \"marac\"", "id: \"marac\"",
                "a profile is its own companion [companion]"},
        Refused{"CompanionForAnotherPurpose", kMarac, "  purpose: \"case.child_safeguard\"",
                "  purpose: \"case.channel\"", "  purpose: \"case.channel\"",
                "the companion's profile does not serve its purpose [companion]"},
        Refused{"FileOfAnotherName", kMarac, "id: \"marac\"", "id: \"maraq\"", "id: \"maraq\"",
                "the file holds `maraq` [file-name]"},
        Refused{"RegimeOfNoMixedPurpose", kMash,
                "answer_slot: ", "footings { parties: \"yot\" regime: \"UK_GDPR\" }\nanswer_slot: ",
                "footings { parties: \"yot\" regime", "no purpose here is of mixed regime [footing]"},
        Refused{"ExcludedPurpose", kMarac, "purposes: \"case.da_safety\"", "purposes: \"x.media\"",
                "purposes: \"x.media\"", "`x.media` is an excluded purpose [excluded-purpose]"},
        Refused{"OpenCaseThatNobodyAgreesTo", "profiles/tb.ncasb.txtpb",
                "necessary_with_open_case: true approver: \"spoc\"", "necessary_with_open_case: true",
                "necessary_with_open_case: true", "an open case gives more and nobody agrees to it [approver]"},
        Refused{"NoConditionInWords", kMarac, " when: \"sanitised\"", "", "conditional { category: \"intelligence\"",
                "`intelligence` has no condition in words [condition]"},
        Refused{"OverlayOfWhatNothingReleases", "agreements/marac.txtpb",
                "owner: ", "overlays: \"identifier=deny\"\nowner: ", "overlays: \"identifier=deny\"",
                "overlay `identifier=deny`: no adopted profile releases `identifier` [overlay-loosens]"},
        Refused{"ConditionalTwice", kMarac, "conditional { category: \"intelligence\"",
                "conditional { category: \"intelligence\" when: \"graded\" }\nconditional { category: \"intelligence\"",
                "when: \"sanitised\"", "`intelligence` is conditional twice [contradicted]"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    OfWords, Refusals,
    ::testing::Values(
        Refused{"GatewayThatTellsAndDoesNotCompel", "gateways.txtpb",
                "  compels_by_document: true\n  tells_whom: true\n", "  tells_whom: true\n", "id: \"gw.asb104\"",
                "tells whom a request is about that nothing compels an answer to [gateway]"},
        Refused{"HarmBeyondTheScale", kWords, "  harm: 2", "  harm: 6", "id: \"identity\"",
                "`identity` has harm 6 [harm]"},
        Refused{"NoForm", kWords, "  forms: \"flag_only\"\n}", "}", "id: \"vulnerability.flag\"",
                "`vulnerability.flag` has no form [forms]"},
        Refused{"NoAppointer", kWords,
                "  may: \"approve_high_risk\"\n  may: \"audit_own\"\n  appointer: APPOINTER_OWN_AGENCY\n",
                "  may: \"approve_high_risk\"\n  may: \"audit_own\"\n", "id: \"siro\"",
                "role `siro` has no appointer [appointer]"},
        Refused{"PanelWhoseOwnerAppointsNobody", kWords,
                "  may: \"request_case_marac\"\n  appointer: APPOINTER_BOARD_OWNER",
                "  may: \"request_case_marac\"\n  appointer: APPOINTER_OWN_AGENCY", "id: \"marac_chair\"",
                "role `marac_chair` is of a panel whose owner does not appoint to it [appointer]"},
        Refused{"UnknownGeography", kWords, "topic: \"default\" geography: \"LSOA\"",
                "topic: \"default\" geography: \"OA\"", "geography: \"OA\"", "`OA` is no geography [closed-list]"},
        Refused{"UnknownPeriod", kWords, "geography: \"LSOA\" period: \"month\"", "geography: \"LSOA\" period: \"day\"",
                "period: \"day\"", "`day` is no period [closed-list]"},
        Refused{"OtherStepTwice", kWords, "other_steps { id: \"referral\"", "other_steps { id: \"assessment\"",
                "what is sent so that somebody takes a person on",
                "`assessment` is there twice [duplicate]; leave one"},
        Refused{"OtherStepThatTakesConsent", kWords, "other_steps { id: \"referral\"", "other_steps { id: \"sarc\"",
                "what is sent so that somebody takes a person on", "[duplicate]; it takes consent: leave it out"}),
    [](const auto& info) { return std::string(info.param.name); });

// Warnings of the bundle once `from` is `to` in `path`, on the line of `at`.
bool Warned(const Refused& c) {
  Files files = DerbyshireFiles();
  std::string& text = files.at(c.path);
  const size_t at = text.find(c.from);
  EXPECT_NE(at, std::string::npos) << c.from;
  text.replace(at, std::string(c.from).size(), c.to);
  Problems problems(files);
  EXPECT_NE(Compile(files, problems), nullptr);
  const std::string place = absl::StrCat(c.path, ":", LineOf(text, c.at), ": warning: ");
  return std::any_of(problems.list().begin(), problems.list().end(), [&](const Problem& problem) {
    return absl::StartsWith(problem.ToString(), place) && absl::StrContains(problem.ToString(), c.message);
  });
}

TEST(Warnings, NameAGatewayThatServesNoSender) {
  EXPECT_TRUE(Warned({"", "profiles/immediate_justice.txtpb", "gateways: \"gw.cda115\"\n",
                      "gateways: \"gw.cda115\"\ngateways: \"gw.icb14z61\"\n", "gateways: \"gw.icb14z61\"",
                      "`gw.icb14z61` carries nothing: it names none of the profile's senders"}));
}

// As they stand in the brief: its board sees counts alone, and a product lists what no matrix opens.
TEST(Warnings, NameRulesThatDecideNothing) {
  const char* const online = "  allow: \"online\"";
  EXPECT_TRUE(Warned({"", "profiles/nrm.txtpb", online, online, online,
                      "`online` stands in the product `nrm_adult_consent` and in no matrix [dead-rule]"}));
  const char* const conviction = "conditional { category: \"offence.conviction\"";
  EXPECT_TRUE(Warned({"", "profiles/tb.sv.txtpb", conviction, conviction, conviction,
                      "`offence.conviction` is conditional, and the scope of no receiver reaches it [dead-rule]"}));
  EXPECT_TRUE(
      Warned({"", "profiles/channel.txtpb", "  permit: \"incident\"\n", "  permit: \"finance\"\n",
              "  permit: \"finance\"", "`finance` stands in the ceiling of `education` and in no matrix [dead-rule]"}));
}

TEST(Warnings, NameWhatIsOwedConfidenceAndWaitsForNobody) {
  EXPECT_TRUE(
      Warned({"", "profiles/channel.txtpb", "category: \"social_care\"", "category: \"social_care\"",
              "category: \"social_care\"", "`social_care` waits for nobody, and no gateway here lifts confidence"}));
}

TEST(Names, OfAGroundAreSuggested) {
  DecisionRequest q = HomeVisit({"identity"});
  q.grounds = {"fire_safety.houshold"};
  const Files files = {{"question.json", "{\"grounds\": [\"fire_safety.houshold\"]}"}};
  Problems problems(files);
  CheckNames("question.json", q, Derbyshire(), problems);
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_EQ(problems.list()[0].ToString(),
            "question.json:1: error: no ground is called `fire_safety.houshold` [unknown-name]; did you mean "
            "`fire_safety.household`?");
}

}  // namespace
}  // namespace derwent::policy
