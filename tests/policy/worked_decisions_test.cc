// Decisions worked by hand from the domain brief (B, H) and its completing decisions; each line is one category's outcome.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "policy/engine/decide.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

// `category OUTCOME form`, or `category DENY`.
std::vector<std::string> Lines(const Decision& decision) {
  std::vector<std::string> lines;
  for (const CategoryOutcome& outcome : decision.categories) {
    lines.push_back(outcome.denied ? absl::StrCat(outcome.category, " DENY")
                                   : absl::StrCat(outcome.category, " ", outcome.Shown(), " ", FormName(outcome.form)));
  }
  return lines;
}

struct Worked {
  std::string name;
  DecisionRequest request;
  std::vector<std::string> expected;
  std::string overall;
};

DecisionRequest With(DecisionRequest request, const std::function<void(DecisionRequest&)>& change) {
  change(request);
  return request;
}

DecisionRequest BreakGlass(std::vector<std::string> categories, const std::string& role) {
  DecisionRequest q{.releasing_agency = "nhs.dhcft", .receiving_agency = "police.derbys", .receiving_role = role,
                    .profile = "adult_safeguard", .purpose = "emergency.vital", .area = "E23000018"};
  q.route = Route::kBreakGlass;
  q.justification = true;
  q.subject_role = "adult_at_risk";
  q.facts = SubjectFacts{.age = 38, .flags = Strings(), .consents = {}};
  q.categories = std::move(categories);
  return q;
}

DecisionRequest AsbCase(std::vector<std::string> categories) {
  DecisionRequest q{.releasing_agency = "police.derbys", .receiving_agency = "cbc", .receiving_role = "practitioner",
                    .profile = "tb.ncasb", .purpose = "case.asb_resolution", .area = "E23000018"};
  q.case_link = CaseLink::kAsserted;
  q.justification = true;
  q.subject_role = "perpetrator_alleged";
  q.facts = SubjectFacts{.age = 27, .flags = Strings(), .consents = {}};
  q.categories = std::move(categories);
  return q;
}

DecisionRequest Audit() {
  DecisionRequest q{.releasing_agency = "cbc", .receiving_agency = "cbc", .receiving_role = "dpo", .profile = "marac", .purpose = "audit.dpo"};
  q.justification = true;
  q.subject_role = "victim";
  q.facts = SubjectFacts{.age = 0, .flags = Strings(), .consents = {}};
  q.categories = {"aggregate", "identity", "incident"};
  return q;
}

DecisionRequest Access() {
  DecisionRequest q = Audit();
  q.purpose = "rights.subject";
  q.facts = SubjectFacts{.age = 41, .flags = Strings{"restriction_art18"}, .consents = {}};
  q.event = RightsEvent{.type = "access", .own = {"identity"}, .mixed = {"incident", "narrative"}, .fan_out_to = ""};
  q.categories = {"identity", "incident", "narrative", "household"};
  return q;
}

std::vector<Worked> All() {
  const DecisionRequest visit = HomeVisit({"identity", "household", "vulnerability.flag", "health.physical"});
  return {
      {"AGroundMakesTheConditionalCategoryMove", With(visit, [](auto& q) { q.grounds = {"fire_safety.household"}; }),
       {"identity PERMIT full", "household PERMIT full", "vulnerability.flag PERMIT flag_only", "health.physical DENY"}, "PARTIAL"},
      {"WithoutItsGroundAConditionalCategoryStays", visit,
       {"identity PERMIT full", "household DENY", "vulnerability.flag PERMIT flag_only", "health.physical DENY"}, "PARTIAL"},
      {"AnotherPurposeStopsEverything", With(visit, [](auto& q) { q.purpose = "case.da_safety"; }),
       {"identity DENY", "household DENY", "vulnerability.flag DENY", "health.physical DENY"}, "DENY"},
      {"ARequestWithoutACaseStops", With(visit, [](auto& q) { q.case_link = CaseLink::kNone; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
      {"WitnessProtectionStopsEverything", With(visit, [](auto& q) { q.facts->flags = Strings{"witness_protection"}; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
      {"AFlagNobodyKnowsStopsEverything", With(visit, [](auto& q) { q.facts->flags = Strings{"no_such_flag"}; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
      {"AProtectedAddressStaysAndContactIsRelayed", With(ChildReferral({"identity", "contact", "location.current", "location.protected"}), [](auto& q) { q.facts->flags = Strings{"address_protected"}; }),
       {"identity PERMIT full", "contact REDACT relay", "location.current DENY", "location.protected DENY"}, "PARTIAL"},
      {"AnObjectionWithAnExceptionAsksTheOfficer", With(visit, [](auto& q) { q.facts->flags = Strings{"objection_art21"}; q.exception_flag = "objection_art21"; q.exception_ground = "legal_claims"; q.categories = {"identity"}; }),
       {"identity APPROVE full"}, "PENDING"},
      {"AnObjectionWithoutOneStops", With(visit, [](auto& q) { q.facts->flags = Strings{"objection_art21"}; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
      {"BreakGlassGivesWhatSavesALife", BreakGlass({"identity", "contact", "location.current", "health.physical", "narrative"}, "duty_officer"),
       {"identity PERMIT full", "contact PERMIT full", "location.current PERMIT full", "health.physical REDACT flag_only", "narrative DENY"}, "PARTIAL"},
      {"BreakGlassIsForDutyOfficers", BreakGlass({"identity"}, "practitioner"), {"identity DENY"}, "DENY"},
      {"AnAuditSeesCountsAndPseudonyms", Audit(), {"aggregate PERMIT full", "identity REDACT pseudonymise", "incident DENY"}, "PARTIAL"},
      {"AnAuditOfAnotherAgencyIsNone", With(Audit(), [](auto& q) { q.releasing_agency = "dfrs"; }), {"aggregate DENY", "identity DENY", "incident DENY"}, "DENY"},
      {"AnAuditNeedsARoleThatAudits", With(Audit(), [](auto& q) { q.receiving_role = "practitioner"; q.categories = {"aggregate"}; }), {"aggregate DENY"}, "DENY"},
      {"AnAccessRequestMasksOthers", Access(), {"identity PERMIT full", "incident REDACT mask", "narrative APPROVE summarise", "household DENY"}, "PENDING"},
      {"ACategoryOfHarmFourNeverGoesOnward", With(visit, [](auto& q) { q.onward = Onward{.organisation = "rp.housing", .as_controller = false, .originator_approval = "pending"}; q.categories = {"identity", "health.physical"}; }),
       {"identity APPROVE full", "health.physical DENY"}, "PENDING"},
      {"ARefusalOfTheOriginatorStops", With(visit, [](auto& q) { q.onward = Onward{.organisation = "rp.housing", .as_controller = false, .originator_approval = "refused"}; q.categories = {"identity"}; }),
       {"identity DENY"}, "DENY"},
      {"NobodySharesWithThemselves", With(visit, [](auto& q) { q.receiving_agency = q.releasing_agency; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
      {"AnUnknownAgencyGetsNothing", With(visit, [](auto& q) { q.receiving_agency = "no.such"; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
      {"AHarmfulCategoryNeedsANote", With(ChildReferral({"identity"}), [](auto& q) { q.justification = false; }), {"identity DENY"}, "DENY"},
      {"ATableFinerThanItsLimitIsCoarsened", With(AsbCase({"aggregate"}), [](auto& q) { q.table = Table{.topic = "default", .geography = "LSOA", .period = "week"}; }),
       {"aggregate REDACT generalise"}, "PARTIAL"},
      {"AnExcludedPurposeIsRefused", With(visit, [](auto& q) { q.purpose = "x.media"; q.categories = {"identity"}; }), {"identity DENY"}, "DENY"},
  };
}

class WorkedDecision : public ::testing::TestWithParam<Worked> {};

TEST_P(WorkedDecision, ComesOutAsWorked) {
  const Worked& worked = GetParam();
  const Decision decision = DecideHere(worked.request);
  EXPECT_EQ(Lines(decision), worked.expected);
  EXPECT_EQ(decision.Overall(), worked.overall);
}

INSTANTIATE_TEST_SUITE_P(Derbyshire, WorkedDecision, ::testing::ValuesIn(All()), [](const auto& info) { return info.param.name; });

TEST(Decision, NamesEveryReasonOfADenialNotJustTheFirst) {
  DecisionRequest q = HomeVisit({"household"});
  q.case_link = CaseLink::kNone;
  q.purpose = "case.da_safety";
  const Decision decision = DecideHere(q);
  for (const ReasonCode code : {ReasonCode::kCaseLinkRequired, ReasonCode::kPurposeNotPermitted, ReasonCode::kGroundNotAsserted}) {
    EXPECT_TRUE(Says(decision.categories[0], code)) << Describe(code).name;
  }
}

TEST(Decision, WhatTheHolderDoesNotKnowDenies) {
  DecisionRequest q = HomeVisit({"identity"});
  q.facts->flags.reset();
  EXPECT_TRUE(Says(DecideHere(q).categories[0], ReasonCode::kFactsUnknown)) << "no flags known is not known to be none";
  q = ChildReferral({"identity"});
  q.facts->age.reset();
  EXPECT_FALSE(DecideHere(q).categories[0].denied) << "the age does not matter here";
}

TEST(Decision, AnUnknownAgeMayBeAChilds) {
  DecisionRequest q{.releasing_agency = "police.derbys", .receiving_agency = "channel.ip", .receiving_role = "spoc", .profile = "channel", .purpose = "case.channel", .area = "E23000018"};
  q.case_link = CaseLink::kAsserted;
  q.justification = true;
  q.subject_role = "referred_prevent";
  q.categories = {"identity"};
  const auto denied = [&](std::optional<int> age, std::vector<Consent> consents) {
    q.facts = SubjectFacts{.age = age, .flags = Strings(), .consents = std::move(consents)};
    return DecideHere(q).categories[0].denied;
  };
  const Consent own{.giver = "SUBJECT", .step = "support", .given = true};
  const Consent guardians{.giver = "GUARDIAN", .step = "support", .given = true};
  EXPECT_FALSE(denied(30, {own}));
  EXPECT_TRUE(denied(std::nullopt, {own})) << "a guardian might have to consent";
  EXPECT_TRUE(denied(std::nullopt, {guardians}));
  EXPECT_TRUE(denied(0, {own}));
  EXPECT_FALSE(denied(std::nullopt, {own, guardians})) << "whatever the age, whoever had to has consented";
}

TEST(Decision, ANoteIsNeededWhereThePersonMayBeAChild) {
  DecisionRequest q = HomeVisit({"identity"});
  q.justification = false;
  EXPECT_FALSE(DecideHere(q).categories[0].denied);
  q.facts->age.reset();
  EXPECT_TRUE(Says(DecideHere(q).categories[0], ReasonCode::kJustificationRequired));
}

TEST(Decision, AConditionMissingOnEitherSideStopsWhatNeedsIt) {
  for (const char* type : {"council_upper", "fire"}) {
    Policy policy = Derbyshire();
    policy.types.at(type).special_condition.clear();
    const Decision decision = DecideUnder(policy, HomeVisit({"identity", "vulnerability.flag"}));
    EXPECT_FALSE(decision.categories[0].denied) << type;
    EXPECT_TRUE(Says(decision.categories[1], ReasonCode::kLawfulBasisMissing)) << type;
  }
}

TEST(Decision, AnOverlayOpensNothingThatAnotherRuleStops) {
  DecisionRequest q = HomeVisit({"incident"});
  q.releasing_agency = "police.derbys";
  q.receiving_agency = "dcc.childrens";
  q.profile = "tb.soce";
  q.purpose = "strategy.assessment";
  Policy policy = Derbyshire();
  EXPECT_TRUE(DecideUnder(policy, q).categories[0].denied);
  for (Agreement& agreement : policy.agreements) agreement.overlays.emplace_back("incident", Form::kPseudonymise);
  EXPECT_TRUE(DecideUnder(policy, q).categories[0].denied) << "in full it does not leave for strategy, and the overlay does not change that";
}

TEST(Decision, WhoAgreesToAnExceptionDoesNotReplaceWhoAgreesToHarm) {
  DecisionRequest q{.releasing_agency = "police.derbys", .receiving_agency = "dcc.adults", .receiving_role = "practitioner", .profile = "adult_safeguard", .purpose = "case.adult_safeguard", .area = "E23000018"};
  q.case_link = CaseLink::kAsserted;
  q.justification = true;
  q.subject_role = "adult_at_risk";
  q.grounds = {"adult_safeguard.risk.victim"};
  q.categories = {"risk.victim"};
  q.facts = SubjectFacts{.age = 60, .flags = Strings{"objection_art21"}, .consents = {}};
  q.exception_flag = "objection_art21";
  q.exception_ground = "legal_claims";
  EXPECT_EQ(DecideHere(q).categories[0].approvers, (std::set<std::string>{"ig_officer", "spoc"}));
}

TEST(Decision, EachAgreementInForceTightens) {
  Policy policy = Derbyshire();
  Agreement district = *std::find_if(policy.agreements.begin(), policy.agreements.end(), [](const Agreement& a) { return a.id == "fire_safety"; });
  district.id = "fire_safety.chesterfield";
  district.areas = {"E07000034"};
  district.overlays = {{"contact", std::nullopt}};
  policy.agreements.push_back(district);
  EXPECT_TRUE(DecideUnder(policy, HomeVisit({"contact"})).categories[0].denied) << "the county's baseline is in force beside it";
  DecisionRequest elsewhere = HomeVisit({"contact"});
  elsewhere.area = "E07000035";
  EXPECT_FALSE(DecideUnder(policy, elsewhere).categories[0].denied);
}

TEST(Decision, NamesTheAreaThatItIsFor) {
  Policy policy = Derbyshire();
  for (Agreement& agreement : policy.agreements) {
    agreement.signed_by = agreement.parties;
    agreement.areas = {"E07000034"};
  }
  DecisionRequest q = HomeVisit({"identity"});
  const auto decide = [&] { return Decide(q, {.policy = &policy, .directories = nullptr}, Midday()).categories[0]; };
  EXPECT_FALSE(decide().denied);
  q.area.clear();
  EXPECT_TRUE(Says(decide(), ReasonCode::kAreaNotCovered)) << "an agreement of one district would cover anywhere";
}

TEST(Decision, RecordsFootingOfBothSides) {
  const Decision decision = DecideHere(AsbCase({"identity"}));
  EXPECT_FALSE(decision.gateways.empty());
  EXPECT_EQ(decision.regimes.at("sender"), "PART_3");
  EXPECT_EQ(decision.regimes.at("recipient"), "UK_GDPR");
  EXPECT_TRUE(decision.gateways.contains(decision.regimes.at("transition")));
  EXPECT_EQ(decision.bases.at("sender"), "le.35");
}

TEST(Decision, RestsOnWhoHoldsTheRoleToday) {
  Directories directories;
  const auto decide = [&] { return Decide(HomeVisit({"identity"}), {.policy = &Derbyshire(), .directories = &directories, .take_agreements_as_signed = true}, Midday()); };
  EXPECT_TRUE(Says(decide().categories[0], ReasonCode::kRoleNotEntitled)) << "no register, no role";
  DirectoryEntry officer{.id = "p-000001", .roles = {{.role = "practitioner", .boards = {}, .areas = {"E23000018"}, .valid = {}}}, .training_until = absl::CivilDay(2027, 1, 1)};
  directories["dfrs"] = {officer};
  EXPECT_FALSE(decide().categories[0].denied);
  directories["dfrs"][0].training_until = absl::CivilDay(2026, 11, 30);
  EXPECT_TRUE(Says(decide().categories[0], ReasonCode::kRoleNotEntitled)) << "training ended yesterday";
  directories["dfrs"] = {officer};
  directories["dfrs"][0].roles[0].valid.last = absl::CivilDay(2026, 11, 30);
  EXPECT_TRUE(Says(decide().categories[0], ReasonCode::kRoleNotEntitled)) << "the role ended yesterday";
}

TEST(Decision, RestsOnAnAgreementInForceAndSignedByBoth) {
  const auto reason = [](const std::function<void(Agreement&)>& change) {
    Policy policy = Derbyshire();
    for (Agreement& agreement : policy.agreements) change(agreement);
    const Decision decision = Decide(HomeVisit({"identity"}), {.policy = &policy, .directories = nullptr}, Midday());
    return std::string(decision.categories[0].denied ? Describe(decision.categories[0].reasons[0].code).name : "");
  };
  const std::set<std::string> both = {"dcc.adults", "dfrs"};
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; }), "");
  EXPECT_EQ(reason([](Agreement&) {}), "AGREEMENT_NOT_SIGNED");
  EXPECT_EQ(reason([](Agreement& a) { a.signed_by = {"dfrs"}; }), "AGREEMENT_NOT_SIGNED");
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.notices = {{.from = absl::CivilDay(2026, 12, 1)}}; }), "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.notices = {{.from = absl::CivilDay(2026, 12, 2)}}; }), "");
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.notices = {{.from = absl::CivilDay(2026, 12, 1), .removes = "dfrs"}}; }), "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.notices = {{.from = absl::CivilDay(2026, 12, 1), .removes = "cbc"}}; }), "") << "the others go on";
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.effective.last = absl::CivilDay(2026, 11, 30); }), "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.effective.last = absl::CivilDay(2026, 12, 1); }), "") << "the last day counts";
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.areas = {"E06000015"}; }), "AREA_NOT_COVERED");
  EXPECT_EQ(reason([&](Agreement& a) { a.signed_by = both; a.apd_review = absl::CivilDay(2026, 1, 1); }), "") << "identity is ordinary data";
}

}  // namespace
}  // namespace derwent::policy
