// The nearest permitted alternative is right, and tells the asker nothing about the subject.
#include "policy/engine/nearest.h"

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "policy/engine/decide.h"
#include "policy/loader/alternatives.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/random_request.h"

namespace derwent::policy {
namespace {

Snapshot Offline() { return {.policy = &Derbyshire(), .directories = nullptr, .take_agreements_as_signed = true}; }

std::vector<Alternative> NearestTo(const DecisionRequest& q) { return Nearest(q, Offline(), Midday()); }

const CategoryOutcome* OutcomeOf(const Decision& decision, const std::string& category) {
  const auto found = std::find_if(decision.categories.begin(), decision.categories.end(),
                                  [&](const CategoryOutcome& outcome) { return outcome.category == category; });
  return found == decision.categories.end() ? nullptr : &*found;
}

TEST(Nearest, AMissingGroundIsAsserted) {
  const std::vector<Alternative> found = NearestTo(HomeVisit({"household"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].changes, (std::vector<Change>{{.field = "grounds", .value = "fire_safety.household"}}));
  EXPECT_TRUE(absl::StrContains(Sentence(found[0]), "with the ground `fire_safety.household` asserted, if it is true"))
      << Sentence(found[0]);
}

TEST(Nearest, WhatIsLackingIsNamedTogether) {
  DecisionRequest q = HomeVisit({"household"});
  q.case_link = CaseLink::kNone;
  const std::vector<Alternative> found = NearestTo(q);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].changes, (std::vector<Change>{{.field = "caseLink", .value = "ASSERTED"},
                                                   {.field = "grounds", .value = "fire_safety.household"}}));
}

TEST(Nearest, ALeadIsToldThatHerCaseIsMissing) {
  DecisionRequest q = HomeVisit({"incident", "intelligence"});
  q.receiving_agency = "dcc.community_safety";
  q.receiving_role = "thematic_lead";
  q.releasing_agency = "police.derbys";
  q.profile = "tb.ncasb";
  q.board = "tb.ncasb";
  q.purpose = "case.asb_resolution";
  q.case_link = CaseLink::kNone;
  const Decision decision = Decide(q, Offline(), Midday());
  const auto told = [&](const std::string& category) {
    std::vector<ReasonCode> codes;
    for (const Reason& reason : OutcomeOf(decision, category)->reasons) codes.push_back(reason.code);
    return codes;
  };
  EXPECT_THAT(told("incident"), ::testing::Contains(ReasonCode::kCaseLinkRequired));
  EXPECT_THAT(told("intelligence"), ::testing::Not(::testing::Contains(ReasonCode::kCaseLinkRequired)))
      << "no case would help";
  const std::vector<Alternative> found = NearestTo(q);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].category, "incident");
  EXPECT_EQ(found[0].changes, (std::vector<Change>{{.field = "caseLink", .value = "ASSERTED"}}));
  EXPECT_EQ(found[0].outcome.approvers, (std::set<std::string>{"spoc"}));
}

TEST(Nearest, AnotherPurposeOfTheRole) {
  DecisionRequest q = HomeVisit({"identity"});
  q.purpose = "case.adult_safeguard";
  const std::vector<Alternative> found = NearestTo(q);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].changes, (std::vector<Change>{{.field = "purpose", .value = "case.fire_safety"}}));
}

// Fire is no party to a MARAC; that a home visit, an ASB board or a MASH would get it is no answer.
TEST(Nearest, NoOtherProcessIsTheWayRoundARefusal) {
  DecisionRequest q = HomeVisit({"identity", "contact", "vulnerability.flag"});
  q.profile = "marac";
  q.purpose = "case.marac";
  for (const Alternative& next : NearestTo(q)) EXPECT_EQ(With(q, next.changes).profile, "marac") << Sentence(next);
}

// The policy with so many purposes under which a home visit gets nothing.
Policy WithFutilePurposes(size_t count) {
  Policy policy = Derbyshire();
  for (size_t i = 0; i < count; ++i) policy.profiles.at("fire_safety").purposes.insert(absl::StrCat("a.", i));
  return policy;
}

TEST(Nearest, TheSearchForACategoryIsBounded) {
  const Policy policy = WithFutilePurposes(kMostTries);
  DecisionRequest q = HomeVisit({"identity"});
  q.purpose = "case.adult_safeguard";
  const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
  EXPECT_TRUE(Nearest(q, snapshot, Midday()).empty()) << "what comes after so many is not looked at";
}

TEST(Nearest, TheSearchForAllCategoriesIsBounded) {
  const Policy policy = WithFutilePurposes(kMostTries);
  const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
  std::vector<std::string> refused = {"household"};
  EXPECT_EQ(Nearest(HomeVisit(refused), snapshot, Midday()).size(), 1u);
  for (size_t i = 0; i < kMostTriesInAll / kMostTries; ++i)
    refused.insert(refused.begin(), absl::StrCat("unknown.", i));
  for (const Alternative& next : Nearest(HomeVisit(refused), snapshot, Midday())) EXPECT_NE(next.category, "household");
}

TEST(Nearest, AnExcludedPurposeHasNoAlternative) {
  DecisionRequest q = HomeVisit({"identity"});
  q.purpose = "x.immigration_enforcement";
  EXPECT_TRUE(NearestTo(q).empty());
}

TEST(Nearest, WhatThePersonsFlagsStopHasNoAlternativeForTheHoldersOfficer) {
  DecisionRequest q = HomeVisit({"identity"});
  q.facts->flags = Strings{"witness_protection"};
  EXPECT_TRUE(NearestTo(q).empty());
  EXPECT_TRUE(TellAsker(q, Offline(), Midday()).next_steps().empty()) << "the asker is refused nothing";
}

TEST(Nearest, ANoteForTheOtherCategoriesIsPartOfIt) {
  DecisionRequest q = HomeVisit({"household", "health.physical"});
  q.justification = false;
  for (const Alternative& next : NearestTo(q)) {
    const Decision changed = DecideHere(With(q, next.changes));
    EXPECT_FALSE(OutcomeOf(changed, next.category)->denied) << Sentence(next);
  }
}

TEST(Nearest, EveryAlternativeReallyDecidesBetter) {
  std::mt19937 random(20261203);
  std::map<std::string, int> seen;
  for (int round = 0; round < 4000 && !::testing::Test::HasFatalFailure(); ++round) {
    DecisionRequest q = RandomRequest(Derbyshire(), random);
    if (round % 2 == 0) q = WithoutFacts(q);
    const Decision asked = DecideHere(q);
    for (const Alternative& next : NearestTo(q)) {
      ASSERT_TRUE(OutcomeOf(asked, next.category)->denied) << "round " << round;
      const Decision changed = DecideHere(With(q, next.changes));
      const CategoryOutcome* const outcome = OutcomeOf(changed, next.outcome.category);
      ASSERT_TRUE(outcome != nullptr && !outcome->denied) << "round " << round << ": " << Sentence(next);
      ASSERT_EQ(outcome->form, next.outcome.form) << "round " << round;
      ASSERT_EQ(outcome->approvers, next.outcome.approvers) << "round " << round;
      for (const Change& change : next.changes) ++seen[change.field];
    }
  }
  for (const char* field : {"grounds", "caseLink", "justification", "documentReference", "product", "purpose",
                            "receivingRole", "categories", "onward"})
    EXPECT_GT(seen[field], 0) << field;
}

// Whoever the subject is, and whatever the holder knows.
TEST(Nearest, TheAskerIsToldTheSameOfEverySubject) {
  std::mt19937 random(20261204);
  int sensitive = 0;
  for (int round = 0; round < 3000 && !::testing::Test::HasFatalFailure(); ++round) {
    const DecisionRequest q = RandomRequest(Derbyshire(), random);
    DecisionRequest other = q;
    other.facts = RandomRequest(Derbyshire(), random).facts;
    if (round % 5 == 0) other.facts.reset();
    if (!Derbyshire().profiles.at(q.profile).existence_sensitive) continue;
    ++sensitive;
    ASSERT_EQ(TellAsker(q, Offline(), Midday()).DebugString(), TellAsker(other, Offline(), Midday()).DebugString())
        << "round " << round << ", " << q.profile;
  }
  EXPECT_GT(sensitive, 300);
}

TEST(Nearest, SaysNothingOfASubjectsFlags) {
  std::mt19937 random(20261205);
  for (int round = 0; round < 300; ++round) {
    const std::string told = TellAsker(RandomRequest(Derbyshire(), random), Offline(), Midday()).DebugString();
    for (const auto& [flag, rule] : Derbyshire().flags) ASSERT_FALSE(absl::StrContains(told, flag)) << told;
  }
}

}  // namespace
}  // namespace derwent::policy
