// What each side rests on in law, as the brief's sections say it for each profile (B "Basis", C.2, C.7, C.8).
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "policy/loader/compile.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

struct Case {
  const char* name;
  const char* giver;
  const char* receiver;
  const char* role;
  const char* profile;
  const char* purpose;
  const char* subject_role;
  const char* product = "";
  std::vector<std::string> categories;
  const char* sender_basis;
  const char* recipient_basis;
  const char* sender_conditions = "";
  const char* recipient_conditions = "";
};

class FootingOf : public ::testing::TestWithParam<Case> {};

TEST_P(FootingOf, IsTheProfilesOwn) {
  const Case& c = GetParam();
  DecisionRequest q = AsbCase(c.categories);
  q.releasing_agency = c.giver;
  q.receiving_agency = c.receiver;
  q.receiving_role = c.role;
  q.profile = c.profile;
  q.purpose = c.purpose;
  q.subject_role = c.subject_role;
  q.product = c.product;
  q.facts->age = std::string(c.subject_role) == "child" ? 9 : 30;
  for (const char* step : {"nrm", "sarc"})
    q.facts->consents.push_back({.giver = "SUBJECT", .step = step, .given = true});
  const Decision decision = DecideHere(q);
  ASSERT_NE(decision.Overall(), "DENY");
  EXPECT_EQ(decision.bases.at("sender"), c.sender_basis);
  EXPECT_EQ(decision.bases.at("recipient"), c.recipient_basis);
  EXPECT_EQ(decision.conditions.at("sender"), c.sender_conditions);
  EXPECT_EQ(decision.conditions.at("recipient"), c.recipient_conditions);
}

INSTANTIATE_TEST_SUITE_P(Brief, FootingOf,
                         ::testing::Values(Case{.name = "DutyToNotify",
                                                .giver = "cbc",
                                                .receiver = "ho.sca",
                                                .role = "nrm_spoc",
                                                .profile = "nrm",
                                                .purpose = "case.nrm_notify",
                                                .subject_role = "potential_victim_ms",
                                                .product = "dtn_adult_no_consent",
                                                .categories = {"statutory.fieldset"},
                                                .sender_basis = "lb.c",
                                                .recipient_basis = "lb.e"},
                                           Case{.name = "ReviewAnswer",
                                                .giver = "police.derbys",
                                                .receiver = "cbc",
                                                .role = "asb_review_spoc",
                                                .profile = "asb_cr",
                                                .purpose = "case.asb_review",
                                                .subject_role = "complainant",
                                                .categories = {"identity"},
                                                .sender_basis = "lb.c",
                                                .recipient_basis = "lb.e"},
                                           Case{.name = "ReparationProvider",
                                                .giver = "police.derbys",
                                                .receiver = "ij.provider",
                                                .role = "practitioner",
                                                .profile = "immediate_justice",
                                                .purpose = "case.immediate_justice",
                                                .subject_role = "offender",
                                                .categories = {"identity"},
                                                .sender_basis = "le.35",
                                                .recipient_basis = "lb.ea.p5"},
                                           Case{.name = "VictimWithoutCareNeeds",
                                                .giver = "police.derbys",
                                                .receiver = "da.provider",
                                                .role = "idva",
                                                .profile = "marac",
                                                .purpose = "case.da_safety",
                                                .subject_role = "victim",
                                                .categories = {"risk.victim"},
                                                .sender_basis = "le.35",
                                                .recipient_basis = "lb.ea.p6",
                                                .sender_conditions = "s8.4",
                                                .recipient_conditions = "c9.g17 c10.36"},
                                           Case{.name = "ChildOfTheVictim",
                                                .giver = "police.derbys",
                                                .receiver = "da.provider",
                                                .role = "idva",
                                                .profile = "marac",
                                                .purpose = "case.da_safety",
                                                .subject_role = "victim_child_da",
                                                .categories = {"risk.victim"},
                                                .sender_basis = "le.35",
                                                .recipient_basis = "lb.ea.p6",
                                                .sender_conditions = "s8.4",
                                                .recipient_conditions = "c9.g18 c10.36"},
                                           Case{.name = "DisclosureScheme",
                                                .giver = "police.derbys",
                                                .receiver = "da.provider",
                                                .role = "idva",
                                                .profile = "dvds",
                                                .purpose = "case.dvds",
                                                .subject_role = "perpetrator_alleged",
                                                .categories = {"identity"},
                                                .sender_basis = "lb.e",
                                                .recipient_basis = "lb.ea.p6"}),
                         [](const auto& info) { return std::string(info.param.name); });

bool RefusedWith(const char* footing, const char* message) {
  Files files = DerbyshireFiles();
  files.at("profiles/marac.txtpb").append(footing).append("\n");
  Problems problems(files);
  if (Compile(files, problems) != nullptr) return false;
  return std::any_of(problems.list().begin(), problems.list().end(), [&](const Problem& problem) {
    return problem.severity == Severity::kError && absl::StrContains(problem.ToString(), message);
  });
}

TEST(Footings, NameOnlyWhatTheLawHas) {
  EXPECT_TRUE(RefusedWith("footings { parties: \"fire\" basis: \"lb.zz\" }", "`lb.zz` is no lawful basis"));
  EXPECT_TRUE(RefusedWith("footings { parties: \"fire\" special_condition: \"c9.g\" }",
                          "`c9.g` is no condition for special-category data"));
  EXPECT_TRUE(RefusedWith("footings { parties: \"cbc\" basis: \"lb.ea.p5\" }", "public authority `cbc` relies on"));
  EXPECT_TRUE(
      RefusedWith("footings { parties: \"yot\" special_condition: \"c9.g6\" } "
                  "footings { parties: \"yot\" special_condition: \"c9.g18\" }",
                  "`yot` rests on two things at once"));
  EXPECT_TRUE(
      RefusedWith("footings { parties: \"police\" side: \"GIVER\" regime: \"UK_GDPR\" }", "a regime is a type's"));
  EXPECT_TRUE(RefusedWith("footings { basis: \"lb.e\" }", "a footing names nobody"));
}

TEST(Footings, ABasisThatTheLawHasNotIsRefusedOfATypeToo) {
  Files files = DerbyshireFiles();
  std::string& text = files.at("organisations.txtpb");
  text.replace(text.find("basis: \"lb.e\""), 13, "basis: \"lb.eb\"");
  Problems problems(files);
  ASSERT_EQ(Compile(files, problems), nullptr);
  EXPECT_TRUE(std::ranges::any_of(problems.list(), [](const Problem& problem) {
    return absl::StrContains(problem.ToString(), "`lb.eb` is no lawful basis [article-6]; did you mean `lb.");
  }));
}

// Continuity of care: a health item that no named role is asked about.
DecisionRequest Treatment() {
  DecisionRequest q = AsbCase({"health.mental"});
  q.releasing_agency = "nhs.dhcft";
  q.receiving_agency = "drug.provider";
  q.profile = "tb.substance";
  q.purpose = "case.drug_treatment";
  q.subject_role = "offender";
  q.grounds = {"tb.substance.health.mental"};
  return q;
}

// D.7: what lifts confidence is on record for each health item.
TEST(Confidence, AHealthItemThatNothingLiftsAsksForItsGround) {
  const Decision decision = DecideHere(Treatment());
  ASSERT_EQ(decision.categories[0].Shown(), "PERMIT");
  EXPECT_TRUE(decision.confidence.empty());
  EXPECT_TRUE(decision.obligations.contains("record_confidence_ground"));
}

TEST(Confidence, ConsentLiftsIt) {
  DecisionRequest q = Treatment();
  q.facts->consents.push_back({.giver = "SUBJECT", .step = "health.mental", .given = true});
  const Decision decision = DecideHere(q);
  EXPECT_EQ(decision.confidence.at("health.mental"), "gw.consent_confidence");
  EXPECT_FALSE(decision.obligations.contains("record_confidence_ground"));
}

TEST(Confidence, ConsentToSomethingElseDoesNot) {
  DecisionRequest q = Treatment();
  q.facts->consents.push_back({.giver = "SUBJECT", .step = "health.physical", .given = true});
  q.facts->consents.push_back({.giver = "SUBJECT", .step = "support", .given = true});
  EXPECT_TRUE(DecideHere(q).obligations.contains("record_confidence_ground"));
}

TEST(Confidence, SomebodyElsesOrAWithdrawnConsentDoesNot) {
  DecisionRequest q = Treatment();
  q.facts->consents.push_back({.giver = "GUARDIAN", .step = "health.mental", .given = true});
  EXPECT_TRUE(DecideHere(q).obligations.contains("record_confidence_ground"));
  q.facts->consents.push_back({.giver = "SUBJECT", .step = "health.mental", .given = true});
  q.facts->flags->push_back("consent_withdrawn");
  EXPECT_TRUE(DecideHere(q).obligations.contains("record_confidence_ground"));
}

TEST(Confidence, AnApproversGroundIsOnRecord) {
  DecisionRequest q = AsbCase({"health.mental"});
  q.releasing_agency = "nhs.dhcft";
  q.grounds = {"tb.ncasb.health.mental"};
  const Decision decision = DecideHere(q);
  ASSERT_EQ(decision.categories[0].Shown(), "APPROVE");
  EXPECT_EQ(decision.confidence.at("health.mental"), "approver");
  EXPECT_FALSE(decision.obligations.contains("record_confidence_ground"));
}

// D.7 asks it of adult social care too.
TEST(Confidence, WhatSocialCareHoldsIsOwedIt) {
  DecisionRequest q = AsbCase({"social_care"});
  q.releasing_agency = "dcc.adults";
  q.receiving_agency = "police.derbys";
  q.receiving_role = "ct_case_officer";
  q.profile = "channel";
  q.purpose = "case.channel";
  q.subject_role = "referred_prevent";
  q.grounds = {"channel.social_care"};
  const Decision decision = DecideHere(q);
  ASSERT_EQ(decision.categories[0].Shown(), "REDACT");
  EXPECT_TRUE(decision.obligations.contains("record_confidence_ground"));
}

TEST(Confidence, OfWhatIsNoHealthDataNothingIsSaid) {
  DecisionRequest q = Treatment();
  q.categories = {"identity"};
  q.grounds = {"tb.substance.identity"};
  const Decision decision = DecideHere(q);
  ASSERT_NE(decision.categories[0].Shown(), "DENY");
  EXPECT_TRUE(decision.confidence.empty());
  EXPECT_FALSE(decision.obligations.contains("record_confidence_ground"));
}

// A law that lifts confidence by its own words: the duty to notify, about a child.
TEST(Confidence, ALawThatLiftsItIsNamed) {
  DecisionRequest q = AsbCase({"health.physical"});
  q.releasing_agency = "police.derbys";
  q.receiving_agency = "ho.sca";
  q.receiving_role = "nrm_spoc";
  q.profile = "nrm";
  q.purpose = "case.nrm_notify";
  q.subject_role = "child";
  q.product = "nrm_child";
  q.facts->age = 15;
  q.grounds = {"nrm.health.physical"};
  EXPECT_EQ(DecideHere(q).confidence.at("health.physical"), "gw.msa52");
}

TEST(Confidence, TheCheckWarnsWhereNothingLiftsIt) {
  const Files files = DerbyshireFiles();
  Problems problems(files);
  ASSERT_NE(Compile(files, problems), nullptr);
  const auto warned = [&](const char* start) {
    return std::ranges::any_of(problems.list(), [&](const Problem& problem) {
      return problem.severity == Severity::kWarning && problem.rule == "confidence" &&
             absl::StartsWith(problem.ToString(), start);
    });
  };
  EXPECT_TRUE(warned("profiles/tb.substance.txtpb:"));
  EXPECT_FALSE(warned("profiles/tb.prevent.txtpb:"));
  EXPECT_FALSE(warned("profiles/nrm.txtpb:"));
}

}  // namespace
}  // namespace derwent::policy
