// What a decision rests on, one behaviour a test, over the policy of Derbyshire.
#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "policy/engine/decide.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

TEST(Decision, NamesEveryReasonOfADenialNotJustTheFirst) {
  DecisionRequest q = HomeVisit({"household"});
  q.case_link = CaseLink::kNone;
  q.purpose = "case.da_safety";
  const Decision decision = DecideHere(q);
  for (const ReasonCode code :
       {ReasonCode::kCaseLinkRequired, ReasonCode::kPurposeNotPermitted, ReasonCode::kGroundNotAsserted}) {
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
  DecisionRequest q{.releasing_agency = "police.derbys",
                    .receiving_agency = "channel.ip",
                    .receiving_role = "spoc",
                    .profile = "channel",
                    .purpose = "case.channel",
                    .area = "E23000018"};
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

// Assessment is not support: it takes nobody's consent (CTSA 2015 ss36, 41). A step that nobody knows may be one that
// does.
TEST(Decision, AStepThatTakesNobodysConsentStopsNothingAndAnUnknownOneEverything) {
  DecisionRequest q = HomeVisit({"identity"});
  for (const char* step : {"", "assessment", "referral"}) {
    q.step = step;
    EXPECT_FALSE(DecideHere(q).categories[0].denied) << step;
  }
  q.step = "s213b";
  EXPECT_TRUE(Says(DecideHere(q).categories[0], ReasonCode::kUnknownName));
}

// Domain page, `consents`: a step is one of the brief's, a category, or else a word for people.
TEST(Decision, AStepThatIsACategoryOrAWordOnRecordHangsOnWhatIsRecordedUnderIt) {
  DecisionRequest q = HomeVisit({"identity", "household"});
  q.grounds = {"fire_safety.household"};
  q.step = "household";
  EXPECT_FALSE(DecideHere(q).categories[0].denied) << "a category";
  q.step = "home_visit";
  EXPECT_TRUE(Says(DecideHere(q).categories[0], ReasonCode::kUnknownName)) << "under which nothing is recorded";
  q.facts->consents = {{.giver = "SUBJECT", .step = "home_visit", .given = true}};
  EXPECT_FALSE(DecideHere(q).categories[0].denied);
  q.facts->flags = Strings{"consent_withdrawn"};
  EXPECT_TRUE(Says(DecideHere(q).categories[0], ReasonCode::kConsentMissing));
  q.facts->flags = Strings();
  q.facts->consents.push_back({.giver = "GUARDIAN", .step = "home_visit", .given = false});
  EXPECT_TRUE(Says(DecideHere(q).categories[0], ReasonCode::kConsentMissing)) << "whoever refuses";
}

// Whether anything is recorded under a word is the holder's to know.
TEST(Decision, AWordForAStepIsOpenAtTheBroker) {
  DecisionRequest q = HomeVisit({"identity"});
  q.step = "home_visit";
  q.facts.reset();
  const CategoryOutcome outcome = DecideHere(q).categories[0];
  EXPECT_FALSE(outcome.denied);
  EXPECT_TRUE(outcome.open.contains("consent:step"));
}

DecisionRequest Enquiry() {
  DecisionRequest q = ChildReferral({"identity"});
  q.direction = Direction::kRequest;
  q.route = Route::kStatutoryRequest;
  q.document_reference = "s47-2026-11";
  return q;
}

// Brief H: without an agreement only what the law compels. A letter opens no matrix by a power.
TEST(Decision, WithoutAnAgreementAStatutoryRequestRestsOnWhatCompelsAnAnswer) {
  Policy policy = Derbyshire();
  policy.agreements.clear();
  EXPECT_FALSE(DecideUnder(policy, Enquiry()).categories[0].denied) << "Children Act 1989 s47(9)";
  policy.gateways.at("gw.ca1989_47").compels_by_document = false;
  policy.gateways.at("gw.ca2004_16h").compels_by_document = false;
  EXPECT_TRUE(Says(DecideUnder(policy, Enquiry()).categories[0], ReasonCode::kLegalGatewayMissing));
}

// Domain decision 30 says what makes a gateway count; that the request is in writing takes none away.
TEST(Decision, UnderAnAgreementAStatutoryRequestRestsOnWhateverAnyShareDoes) {
  Policy policy = Derbyshire();
  policy.gateways.at("gw.ca1989_47").compels_by_document = false;
  policy.gateways.at("gw.ca2004_16h").compels_by_document = false;
  EXPECT_FALSE(DecideUnder(policy, Enquiry()).categories[0].denied);
}

// CDA 1998 s17A: counts of the prescribed kind are owed to whoever is named, asked in writing or not.
TEST(Decision, WithoutAnAgreementADutyToGiveCountsAnswersAWrittenRequestForThem) {
  DecisionRequest q{.releasing_agency = "icb.qj2",
                    .receiving_agency = "pcc.derbys",
                    .receiving_role = "pcc_officer",
                    .profile = "tb.sv",
                    .purpose = "oversight.pcc",
                    .area = "E23000018"};
  q.route = Route::kStatutoryRequest;
  q.document_reference = "SVD-2026-3";
  q.justification = true;
  q.subject_role = "victim";
  q.facts = SubjectFacts{.age = 0, .flags = Strings(), .consents = {}};
  q.categories = {"aggregate", "identity"};
  Policy policy = Derbyshire();
  policy.agreements.clear();
  const Decision decision = DecideUnder(policy, q);
  EXPECT_FALSE(decision.categories[0].denied);
  EXPECT_TRUE(Says(decision.categories[1], ReasonCode::kLegalGatewayMissing));
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
  EXPECT_TRUE(DecideUnder(policy, q).categories[0].denied)
      << "in full it does not leave for strategy, and the overlay does not change that";
}

TEST(Decision, WhoAgreesToAnExceptionDoesNotReplaceWhoAgreesToHarm) {
  DecisionRequest q{.releasing_agency = "police.derbys",
                    .receiving_agency = "dcc.adults",
                    .receiving_role = "practitioner",
                    .profile = "adult_safeguard",
                    .purpose = "case.adult_safeguard",
                    .area = "E23000018"};
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
  Agreement district = *std::find_if(policy.agreements.begin(), policy.agreements.end(),
                                     [](const Agreement& a) { return a.id == "fire_safety"; });
  district.id = "fire_safety.chesterfield";
  district.areas = {"E07000034"};
  district.overlays = {{"contact", std::nullopt}};
  policy.agreements.push_back(district);
  EXPECT_TRUE(DecideUnder(policy, HomeVisit({"contact"})).categories[0].denied)
      << "the county's baseline is in force beside it";
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
  const auto decide = [&] {
    return Decide(HomeVisit({"identity"}),
                  {.policy = &Derbyshire(), .directories = &directories, .take_agreements_as_signed = true}, Midday());
  };
  EXPECT_TRUE(Says(decide().categories[0], ReasonCode::kRoleNotEntitled)) << "no register, no role";
  DirectoryEntry officer{.id = "p-000001",
                         .roles = {{.role = "practitioner", .boards = {}, .areas = {"E23000018"}, .valid = {}}},
                         .training_until = absl::CivilDay(2027, 1, 1)};
  directories["dfrs"].people = {officer};
  EXPECT_FALSE(decide().categories[0].denied);
  directories["dfrs"].people[0].training_until = absl::CivilDay(2026, 11, 30);
  EXPECT_TRUE(Says(decide().categories[0], ReasonCode::kRoleNotEntitled)) << "training ended yesterday";
  directories["dfrs"].people = {officer};
  directories["dfrs"].people[0].roles[0].valid.last = absl::CivilDay(2026, 11, 30);
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
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.notices = {{.from = absl::CivilDay(2026, 12, 1)}};
            }),
            "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.notices = {{.from = absl::CivilDay(2026, 12, 2)}};
            }),
            "");
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.notices = {{.from = absl::CivilDay(2026, 12, 1), .removes = "dfrs"}};
            }),
            "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.notices = {{.from = absl::CivilDay(2026, 12, 1), .removes = "cbc"}};
            }),
            "")
      << "the others go on";
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.effective.last = absl::CivilDay(2026, 11, 30);
            }),
            "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.effective.last = absl::CivilDay(2026, 12, 1);
            }),
            "")
      << "the last day counts";
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.areas = {"E06000015"};
            }),
            "AREA_NOT_COVERED");
  EXPECT_EQ(reason([&](Agreement& a) {
              a.signed_by = both;
              a.apd_review = absl::CivilDay(2026, 1, 1);
            }),
            "")
      << "identity is ordinary data";
}

}  // namespace
}  // namespace derwent::policy
