// The law as types: what the validator refuses, each with the offending line, the rule and what to do.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "policy/loader/compile.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/refused.h"

namespace derwent::policy {
namespace {

class Rules : public ::testing::TestWithParam<Refused> {};

TEST_P(Rules, AreNamedWithTheOffendingLine) { ExpectRefused(GetParam()); }

constexpr char kTypes[] = "organisations.txtpb";
TEST(LawTest, SupportTakesConsent) {
  for (const auto& [step, error] :
       {std::pair{"consent_steps { id: \"support\"",
                  "profiles/channel.txtpb:23: error: nothing of `channel` takes consent"},
        std::pair{"consent_steps { id: \"sarc\"",
                  "profiles/sv_support.txtpb:35: error: nothing of `sv_support` takes consent"}}) {
    Files files = DerbyshireFiles();
    std::string& text = files.at("vocabulary.txtpb");
    const size_t at = text.find(step);
    ASSERT_NE(at, std::string::npos);
    text.erase(at, text.find('\n', at) - at);
    Problems problems(files);
    EXPECT_EQ(Compile(files, problems), nullptr);
    EXPECT_TRUE(std::ranges::any_of(problems.list(), [&, wanted = error](const Problem& problem) {
      return absl::StartsWith(problem.ToString(), wanted);
    })) << error;
  }
}

TEST(LawTest, AnActIsKnownHoweverItIsCited) {
  for (const char* cite : {"PCSC Act 2022 s16", "PCSC Act 2022, s.16", "PCSCA 2022 section 16",
                           "Police, Crime, Sentencing and Courts Act 2022, s.16"}) {
    Files files = DerbyshireFiles();
    std::string& text = files.at("gateways.txtpb");
    text = absl::StrReplaceAll(text, {{"gw.pcsc16", "gw.violence"},
                                      {"PCSC Act 2022 s16", cite},
                                      {"  excludes_categories: \"health.mental\"\n", ""}});
    Problems problems(files);
    EXPECT_EQ(Compile(files, problems), nullptr);
    EXPECT_TRUE(std::ranges::any_of(problems.list(), [](const Problem& problem) {
      return absl::StrContains(problem.ToString(), "`gw.violence` carries patient information");
    })) << cite;
  }
}

// CTSA 2015 s41: a step that binds some other share is none for the provider's.
TEST(LawTest, WhoeverGivesSupportIsBoundByAStep) {
  Files files = DerbyshireFiles();
  std::string& text = files.at("vocabulary.txtpb");
  text = absl::StrReplaceAll(
      text, {{"profile: \"channel\" receiver: \"channel.ip\"", "profile: \"channel\" receiver: \"police.derbys\""}});
  Problems problems(files);
  EXPECT_EQ(Compile(files, problems), nullptr);
  const std::string profile = "profiles/channel.txtpb";
  EXPECT_TRUE(std::ranges::any_of(problems.list(), [&](const Problem& problem) {
    return absl::StartsWith(problem.ToString(),
                            absl::StrCat(profile, ":", LineOf(files.at(profile), "receiver: \"channel.ip\""),
                                         ": error: no consent step binds every share with `channel.ip`"));
  }));
}

TEST(LawTest, OverlaysOfTwoAgreementsInForceMeet) {
  Files files = DerbyshireFiles();
  std::string& county = files.at("agreements/tb.ncasb.txtpb");
  absl::StrAppend(&county, "overlays: \"housing=mask\"\n");
  Problems problems(files);
  EXPECT_EQ(Compile(files, problems), nullptr);
  const std::string district = "agreements/tb.ncasb.high_peak.txtpb";
  EXPECT_TRUE(std::ranges::any_of(problems.list(), [&](const Problem& problem) {
    return problem.ToString() ==
           absl::StrCat(district, ":", LineOf(files.at(district), "overlays: \"housing=generalise\""),
                        ": error: `housing` as `generalise` here and as `mask` under `tb.ncasb` is never released "
                        "[impossible]; name forms that meet, or deny");
  }));
}

constexpr char kWords[] = "vocabulary.txtpb";
constexpr char kMarac[] = "profiles/marac.txtpb";
constexpr char kAgreement[] = "agreements/marac.txtpb";
constexpr char kOther[] = "agreements/dvds.txtpb";

INSTANTIATE_TEST_SUITE_P(
    Law, Rules,
    ::testing::Values(
        Refused{"Article9WithoutParagraph", kTypes, "\"c9.g6\"", "\"c9.g\"", "\"c9.g\"",
                "`c9.g` is no condition for special-category data [article-9]; did you mean `c9.g6`?"},
        Refused{"Article10WithoutParagraph", kTypes, "\"c10.36\"", "\"yes\"", "\"yes\"", "[article-10]"},
        Refused{"CompetentAuthorityWithoutSchedule8", kTypes, " schedule_8_condition: \"s8.1\"", "", "id: \"police\"",
                "is a competent authority without a condition for Part 3 [schedule-8]"},
        Refused{"RecognisedInterestOfAPublicAuthority", kTypes, "basis: \"lb.e\"", "basis: \"lb.ea.p5\"",
                "id: \"police\"", "public authority `police` relies on `lb.ea.p5` [article-6]"},
        Refused{"LegitimateInterestOfAPublicAuthority", kTypes, "basis: \"lb.e\"", "basis: \"lb.f\"", "id: \"police\"",
                "[article-6]"},
        Refused{"InterestWithoutParagraph", kTypes, "\"lb.ea.p6\"", "\"lb.ea\"", "\"lb.ea\"",
                "`lb.ea` is no lawful basis [article-6]"},
        Refused{"TransitionByNobodysAuthority", "profiles/immediate_justice.txtpb",
                "transition_authorities: \"gw.cda115\"\ntransition_authorities: \"gw.asb101\"\n"
                "transition_authorities: \"gw.cl_policing\"\n",
                "", "purposes: \"case.immediate_justice\"", "by nobody's authority [transition]"},
        Refused{"TransitionBySupportAlone", kMarac, "transition_authorities: \"gw.cda115\"",
                "transition_authorities: \"gw.cl_public_interest\"",
                "transition_authorities: \"gw.cl_public_interest\"",
                "is no gateway of the profile that stands alone [transition]"},
        Refused{"SupportStandingAlone", "profiles/sv_support.txtpb", "gateways: \"gw.ca1989_47\"\n", "", "",
                "only supporting or exempting gateways are named [gateway]"},
        Refused{"PatientInformationByContent", "gateways.txtpb",
                "  excludes_content: \"health.physical\"\n  excludes_content: \"health.mental\"\n"
                "  excludes_content: \"health.substance\"\n",
                "", "id: \"gw.pcsc16\"", "carries what may contain patient information [patient-information]"},
        Refused{"PatientInformationByCategory", "gateways.txtpb", "  excludes_categories: \"health.mental\"\n", "",
                "id: \"gw.pcsc16\"", "`gw.pcsc16` carries patient information: health.mental [patient-information]"},
        Refused{"PatientInformationByOrigin", "gateways.txtpb", "  excludes_sender: \"icb\"\n", "", "id: \"gw.pcsc16\"",
                "carries what an integrated care board holds [patient-information]"},
        Refused{"PatientInformationBesideHealth", "gateways.txtpb", "  excludes_categories: \"sexual.service\"\n", "",
                "id: \"gw.pcsc16\"", "`gw.pcsc16` carries patient information: sexual.service [patient-information]"},
        Refused{
            "AdultWithoutConsentAndFieldSet", "profiles/nrm.txtpb",
            "  fields: \"authority\"\n  fields: \"gender\"\n  fields: \"nationality\"\n  fields: \"under18_at_start\"\n"
            "  fields: \"slavery\"\n  fields: \"trafficking\"\n  fields: \"country\"\n  fields: \"police_referred\"\n"
            "  fields: \"police_area\"\n  fields: \"indicators\"\n",
            "", "  id: \"dtn_adult_no_consent\"", "whose consent nothing asks for, and is no field set [field-set]"},
        Refused{"ConsentByTheWrongGiver", "vocabulary.txtpb", " giver_under_18: \"GUARDIAN\"", "",
                "consent_steps { id: \"support\"", "takes a child's own consent for a guardian's [consent-giver]"},
        Refused{"FieldSetThatIdentifies", "profiles/nrm.txtpb", "  allow: \"statutory.fieldset\"\n",
                "  allow: \"statutory.fieldset\"\n  allow: \"identity\"\n", "  allow: \"identity\"",
                "is a field set and allows `identity` [field-set]"},
        Refused{"FieldThatIdentifies", "profiles/nrm.txtpb", "  fields: \"gender\"", "  fields: \"name\"",
                "  fields: \"name\"", "[closed-list]"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    ConsentSteps, Rules,
    ::testing::Values(
        Refused{"OfAnUnknownReceiver", kWords, "receiver: \"channel.ip\"", "receiver: \"chanel.ip\"",
                "receiver: \"chanel.ip\"",
                "no organisation is called `chanel.ip` [unknown-name]; did you mean `channel.ip`?"},
        Refused{"OfAnUnknownProfile", kWords, "profile: \"sv_support\"", "profile: \"sv_suport\"",
                "profile: \"sv_suport\"", "did you mean `sv_support`?"},
        Refused{"OfAnUnknownProduct", kWords, "product: \"nrm_adult_consent\"", "product: \"nrm_adult\"",
                "product: \"nrm_adult\"", "`nrm_adult` is no product [closed-list]"},
        Refused{"ThatBindNoShareThereIs", kWords, "profile: \"sv_support\"",
                "profile: \"sv_support\" receiver: \"press.any\"", "consent_steps { id: \"sarc\"",
                "`sarc` binds nothing: no share has all that it names [consent-step]"},
        Refused{"OfAProductOfAnotherProfile", kWords, "product: \"nrm_adult_consent\"",
                "profile: \"marac\" product: \"nrm_adult_consent\"", "consent_steps { id: \"nrm\"",
                "`nrm` binds nothing"},
        Refused{"OfASubjectRoleAlone", kWords, "id: \"s213B\" giver", "id: \"s213B\" subject_role: \"victim\" giver",
                "consent_steps { id: \"s213B\"", "`s213B` binds nothing"},
        Refused{"OfSupportHoweverTheActIsCited", kWords, " giver_under_18: \"GUARDIAN\" cite: \"CTSA 2015 s41\"",
                " cite: \"Counter-Terrorism and Security Act 2015 s41\"", "consent_steps { id: \"support\"",
                "takes a child's own consent for a guardian's [consent-giver]"},
        Refused{"OfAGuardianForAnAdult", kWords, "giver: \"SUBJECT\" giver_under_18",
                "giver: \"GUARDIAN\" giver_under_18", "consent_steps { id: \"support\"",
                "takes a guardian's consent for an adult's [consent-giver]"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Sense, Rules,
    ::testing::Values(
        Refused{"ImpossibleForm", kMarac, "ceilings {\n  receiver: \"voluntary\"",
                "ceilings {\n  receiver: \"voluntary\"\n  redact: \"intelligence=mask\"",
                "redact: \"intelligence=mask\"", "`intelligence` in form `mask` is never released"},
        Refused{"NobodyOwnsThePanel", kMarac, "owners { agency: \"police.derbys\" areas: \"E23000018\" }", "",
                "receivers { role: \"marac_chair\"",
                "nobody owns `marac`, so nobody can be appointed `marac_chair` [owner]"},
        Refused{"OwnedForNoArea", kMarac, "owners { agency: \"police.derbys\" areas: \"E23000018\" }",
                "owners { agency: \"police.derbys\" }", "owners { agency: \"police.derbys\" }", "for no area [owner]"},
        Refused{"Shadowed", kMarac, "necessary: \"incident\"", "necessary: \"intelligence\"",
                "conditional { category: \"intelligence\"", "is necessary and conditional [shadowed]"},
        Refused{
            "OnlyTheAskerCouldAgree", "profiles/mappa.txtpb",
            "receivers { role: \"mappa_coordinator\" case_scope: true }\n"
            "receivers { role: \"practitioner\" case_scope: true }\nreceivers { role: \"spoc\" case_scope: true }\n",
            "", "conditional { category: \"narrative\"",
            "only `mappa_chair` asks here, and only `mappa_chair` could agree [self-approval]"},
        Refused{"TwoCeilings", kMarac, "ceilings {\n  receiver: \"voluntary\"",
                "ceilings {\n  receiver: \"fire\"\n  permit: \"risk.victim\"\n}\nceilings {\n  receiver: \"voluntary\"",
                "", "ceiling of `fire` is there twice [contradicted]"},
        Refused{"PermittedAndReduced", kMarac, "ceilings {\n  receiver: \"education\"",
                "ceilings {\n  receiver: \"education\"\n  permit: \"household\"", "  permit: \"household\"",
                "in the ceiling of education, `household` is there twice [contradicted]"},
        Refused{"TwoScopes", "profiles/mappa.txtpb", "receivers { role: \"practitioner\" case_scope: true }\n",
                "receivers { role: \"practitioner\" case_scope: true }\n"
                "receivers { role: \"practitioner\" categories: \"aggregate\" }\n",
                "", "receiver `practitioner` is there twice [contradicted]"},
        Refused{"TwoProducts", "profiles/nrm.txtpb", "products {\n  id: \"dtn_adult_no_consent\"",
                "products { id: \"dtn_adult_no_consent\" age: \"child\" allow: \"identity\" }\nproducts {\n  id: "
                "\"dtn_adult_no_consent\"",
                "", "product `dtn_adult_no_consent` is there twice [contradicted]"},
        Refused{"MachineApproves", kMarac, "approver: \"spoc\"", "approver: \"system_agent\"",
                "approver: \"system_agent\"", "`system_agent` approves, and may not"},
        Refused{"AnalystApproves", kMarac, "approver: \"spoc\"", "approver: \"analyst\"", "approver: \"analyst\"",
                "[separation]"},
        Refused{"DpoApproves", kMarac, "approver: \"spoc\"", "approver: \"dpo\"", "approver: \"dpo\"",
                "a data protection officer approves operational shares [separation]"},
        Refused{"TablesWithoutDisclosureControl", kWords, " primary_threshold: 10 round_to: 5", " round_to: 5",
                "topic: \"sexual_offence\"",
                "tables of `sexual_offence` leave without disclosure control [table-limit]"},
        Refused{"TwoLimitsOfATopic", kWords, "topic: \"hate_crime_strand\"", "topic: \"modern_slavery\"", "",
                "topic `modern_slavery` has two limits [contradicted]"},
        Refused{"NoRetention", kMarac, "retention: ", "decision_support: ", "", "no retention is stated [retention]"},
        Refused{"NoOwner", kAgreement, "owner: \"dcc.community_safety\"\n", "", "", "no owner is stated"},
        Refused{"LongerThanTheCalendar", kAgreement, "effective_to: \"2028-03-31\"", "effective_to: \"2029-03-31\"",
                "effective_to: \"2029-03-31\"",
                "`marac` runs to 2029-03-31, and calendar.txtpb names no bank holiday of that year [calendar]"},
        Refused{"NoReviewDate", kAgreement, "\nreview_date: \"2027-03-31\"", "", "", "no review date is stated"},
        Refused{"NoPolicyDocument", kAgreement, "apd_reference: \"APD-2026-01\"\n", "", "",
                "no appropriate policy document is stated"},
        Refused{"NoReviewOfThePolicyDocument", kAgreement, "apd_review_date: \"2027-09-30\"", "", "",
                "no review date of the appropriate policy document is stated"},
        Refused{"OverlayThatLoosens", kAgreement, "owner: ", "overlays: \"intelligence=full\"\nowner: ",
                "overlays: \"intelligence=full\"", "does not tighten"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Flags, Rules,
    ::testing::Values(
        Refused{"ExceptedByNobody", kWords, "  exception_approver: \"ig_officer\"\n", "", "id: \"restriction_art18\"",
                "flag `restriction_art18`: an exception is agreed to by nobody [flag]"},
        Refused{"ExceptedOnNoGround", kWords,
                "  exception_grounds: \"compelling_grounds\"\n  exception_grounds: \"legal_claims\"\n", "",
                "id: \"objection_art21\"", "who agrees to an exception has no ground for one [flag]"},
        Refused{"AskedAboutNothing", kWords,
                "  approver_categories: \"offence.*\"\n  approver_categories: \"intelligence\"\n", "",
                "id: \"live_investigation\"", "whom it asks is asked about nothing [flag]"},
        Refused{"ApprovedByNobody", kWords, "  approver: \"investigating_officer\"\n", "", "id: \"live_investigation\"",
                "is agreed to by nobody [flag]"},
        Refused{"ApprovedByTheDpo", kWords, "  approver: \"investigating_officer\"", "  approver: \"dpo\"",
                "  approver: \"dpo\"", "a data protection officer approves operational shares [separation]"},
        Refused{"ExceptedByAnAnalyst", kWords, "exception_approver: \"ig_officer\"", "exception_approver: \"analyst\"",
                "exception_approver: \"analyst\"", "`analyst` approves, and may not"},
        Refused{"ReducedToAFormThatIsNone", kWords, "  reduces: \"contact=relay\"",
                "  reduces: \"vulnerability.flag=mask\"", "  reduces: \"vulnerability.flag=mask\"",
                "`vulnerability.flag` has no form `mask` [impossible]"},
        Refused{"ReducedTwice", kWords, "  reduces: \"contact=relay\"",
                "  reduces: \"contact=relay\"\n  reduces: \"contact=mask\"", "  reduces: \"contact=relay\"",
                "`contact` is reduced twice [contradicted]"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    FormMeets, Rules,
    ::testing::Values(
        Refused{"ThatWiden", kWords, "meets { a: \"summarise\" b: \"flag_only\" result: \"flag_only\" }",
                "meets { a: \"summarise\" b: \"flag_only\" result: \"full\" }", "result: \"full\"",
                "`summarise` and `flag_only` allow both is not `full`, which tells more [form-meet]"},
        Refused{"ThatContradict", kWords, "meets { a: \"summarise\" b: \"contact_owner\" result: \"contact_owner\" }",
                "meets { a: \"flag_only\" b: \"summarise\" result: \"summarise\" }",
                "meets { a: \"flag_only\" b: \"summarise\"",
                "`identity`: `flag_only` and `summarise` meet twice [contradicted]"},
        Refused{"OfAFormThatTheCategoryLacks", kWords, "  forms: \"flag_only\"\n}",
                "  forms: \"flag_only\"\n  meets { a: \"flag_only\" b: \"mask\" result: \"flag_only\" }\n}",
                "meets { a: \"flag_only\" b: \"mask\"", "`vulnerability.flag`: `mask` is no form of it [form-meet]"},
        Refused{"WithFull", kWords, "  meets {", "  meets { a: \"full\" b: \"mask\" result: \"mask\" }\n  meets {",
                "meets { a: \"full\" b: \"mask\"", "`full` and `mask` meet by themselves [form-meet]"},
        Refused{"ByTheOrderOfRules", kWords,
                "meets { a: \"summarise\" b: \"contact_owner\" result: \"contact_owner\" }",
                "meets { a: \"summarise\" b: \"contact_owner\" result: \"summarise\" }", "id: \"identity\"",
                "by the order of rules [form-meet]"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Kinds, Rules,
    ::testing::Values(
        Refused{"UnknownKind", kOther, "owner: ", "kind: \"one-way\"\nowner: ", "kind: \"one-way\"",
                "kind of agreement"},
        Refused{"OneWayByNobody", kOther, "owner: ", "kind: \"one_way\"\nowner: ", "",
                "one-way, and nobody gives [agreement-kind]"},
        Refused{"GiversOfAReciprocalOne", kOther, "owner: ", "givers: \"dfrs\"\nowner: ", "",
                "givers are named and it is not one-way [agreement-kind]"},
        Refused{"GiverThatIsNoParty", kOther, "owner: ", "kind: \"one_way\"\ngivers: \"press.any\"\nowner: ",
                "givers: \"press.any\"", "giver `press.any` is no party [agreement-kind]"},
        Refused{"JointWithoutContactPoint", kOther, "owner: ",
                "kind: \"joint_controller\"\njoint { answers_subjects: \"dfrs\" notifies_breaches: \"dfrs\" essence: "
                "\"PN-1\" }\nowner: ",
                "joint {", "joint controllers, and no party is their contact point [agreement-kind]"},
        Refused{"JointWithoutEssence", kOther, "owner: ",
                "kind: \"joint_controller\"\njoint { contact_point: \"dfrs\" answers_subjects: \"dfrs\" "
                "notifies_breaches: \"dfrs\" }\nowner: ",
                "joint {", "where the essence can be read [agreement-kind]"},
        Refused{"ArrangementOfOthers", kOther, "owner: ", "joint { contact_point: \"dfrs\" }\nowner: ", "joint {",
                "an arrangement of joint controllers in another kind of agreement [agreement-kind]"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace derwent::policy
