#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <random>

#include "gtest/gtest.h"

#include "policy/engine/decide.h"
#include "policy/engine/lattice.h"
#include "policy/loader/canonical_request.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/random_request.h"

namespace derwent::policy {
namespace {

constexpr int kRounds = 10000;
constexpr unsigned kSeed = 20261201;

bool SameCategory(const CategoryOutcome& a, const CategoryOutcome& b) {
  return a.category == b.category && a.denied == b.denied &&
         (a.denied || (a.form == b.form && a.approvers == b.approvers)) && a.open == b.open;
}

bool Same(const Decision& a, const Decision& b) {
  return std::equal(a.categories.begin(), a.categories.end(), b.categories.begin(), b.categories.end(), SameCategory);
}

// `tight` releases nothing that `loose` does not: denied, or a form within it, asking the same people or giving less.
bool NoWider(const CategoryOutcome& tight, const CategoryOutcome& loose) {
  if (tight.denied) return true;
  const Category& category = *Derbyshire().FindCategory(tight.category);
  if (loose.denied || !IsWithin(tight.form, loose.form, category)) return false;
  return tight.form != loose.form ||
         std::includes(tight.approvers.begin(), tight.approvers.end(), loose.approvers.begin(), loose.approvers.end());
}

void ExpectNoWider(const Decision& tight, const Decision& loose, const DecisionRequest& q, int round) {
  for (size_t i = 0; i < tight.categories.size(); ++i) {
    ASSERT_TRUE(NoWider(tight.categories[i], loose.categories[i]))
        << "round " << round << ", " << q.profile << ", " << tight.categories[i].category;
  }
}

template <typename Check>
void EachRandomRequest(int rounds, Check check) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < rounds && !::testing::Test::HasFatalFailure(); ++round)
    check(RandomRequest(Derbyshire(), random), random, round);
}
template <typename Check>
void EachRandomRequest(Check check) {
  EachRandomRequest(kRounds, check);
}

TEST(DecisionProperties, TheRandomRequestsReachEveryOutcome) {
  std::map<std::string, int> seen;
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937&, int) {
    for (const CategoryOutcome& outcome : DecideHere(q).categories) ++seen[std::string(outcome.Shown())];
  });
  for (const char* shown : {"PERMIT", "REDACT", "APPROVE", "DENY"}) EXPECT_GT(seen[shown], 50) << shown;
}

// The oracle: 100,000 questions.
TEST(DecisionProperties, BrokerAndHolderTogetherDecideAsOneWhoKnowsAll) {
  EachRandomRequest(100000, [&](const DecisionRequest& q, std::mt19937&, int round) {
    const Decision whole = DecideHere(q);
    DecisionRequest blind = q;
    blind.facts.reset();
    ASSERT_TRUE(Same(Intersect(DecideHere(blind), whole, Derbyshire()), whole))
        << "round " << round << ", " << q.profile;
  });
}

// What a ledger keeps of a question is enough to decide it again.
TEST(DecisionProperties, AQuestionReadBackFromItsOctetsIsDecidedAlike) {
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937&, int round) {
    const auto read = ParseCanonical(CanonicalBytes(q, Midday()));
    ASSERT_TRUE(read.ok()) << "round " << round;
    ASSERT_TRUE(Same(DecideHere(read->request), DecideHere(q))) << "round " << round;
  });
}

TEST(DecisionProperties, WhatIsOpenIsNeverReleasedByTheBrokerAlone) {
  EachRandomRequest([&](DecisionRequest q, std::mt19937&, int round) {
    q.facts.reset();
    for (const CategoryOutcome& outcome : DecideHere(q).categories) {
      ASSERT_TRUE(outcome.denied || outcome.open.contains("flags")) << "round " << round << ", " << outcome.category;
    }
  });
}

TEST(DecisionProperties, TheHolderLeavesNothingOpen) {
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937&, int round) {
    for (const CategoryOutcome& outcome : DecideHere(q).categories)
      ASSERT_TRUE(outcome.open.empty()) << "round " << round << ", " << outcome.category;
  });
}

TEST(DecisionProperties, TheSameQuestionHasTheSameAnswerInAnyOrder) {
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937& random, int round) {
    DecisionRequest shuffled = q;
    std::shuffle(shuffled.categories.begin(), shuffled.categories.end(), random);
    std::shuffle(shuffled.grounds.begin(), shuffled.grounds.end(), random);
    std::shuffle(shuffled.facts->flags->begin(), shuffled.facts->flags->end(), random);
    std::shuffle(shuffled.facts->consents.begin(), shuffled.facts->consents.end(), random);
    Decision again = DecideHere(shuffled);
    std::sort(again.categories.begin(), again.categories.end(),
              [](const CategoryOutcome& a, const CategoryOutcome& b) { return a.category < b.category; });
    const Decision once = DecideHere(q);
    ASSERT_TRUE(Same(once, again)) << "round " << round << ", " << q.profile;
    for (size_t i = 0; i < once.categories.size(); ++i)
      ASSERT_EQ(once.categories[i].reasons, again.categories[i].reasons) << "round " << round;
  });
}

TEST(DecisionProperties, AProhibitionMoreNeverOpensAnything) {
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937& random, int round) {
    constexpr const char* kProhibitions[] = {"witness_protection", "address_protected", "family_proceedings",
                                             "lao_restricted", "legal_privilege"};
    DecisionRequest flagged = q;
    flagged.facts->flags->push_back(kProhibitions[random() % std::size(kProhibitions)]);
    ExpectNoWider(DecideHere(flagged), DecideHere(q), q, round);
  });
}

TEST(DecisionProperties, WhatIsUnknownNeverOpensAnything) {
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937& random, int round) {
    DecisionRequest less = q;
    if (random() % 2 == 0)
      less.facts->age.reset();
    else
      less.facts->flags.reset();
    ExpectNoWider(DecideHere(less), DecideHere(q), q, round);
  });
}

TEST(DecisionProperties, UnknownFlagsPermitNothing) {
  EachRandomRequest([&](DecisionRequest q, std::mt19937&, int round) {
    q.facts->flags.reset();
    for (const CategoryOutcome& outcome : DecideHere(q).categories)
      ASSERT_TRUE(outcome.denied) << "round " << round << ", " << outcome.category;
  });
}

// Any overlay at all, also one that the loader would refuse.
TEST(DecisionProperties, AnOverlayNeverOpensAnything) {
  EachRandomRequest(2000, [&](const DecisionRequest& q, std::mt19937& random, int round) {
    Policy tightened = Derbyshire();
    for (Agreement& agreement : tightened.agreements) {
      if (!agreement.profiles.contains(q.profile)) continue;
      for (const std::string& category : q.categories) {
        const size_t form = random() % 10;
        agreement.overlays.emplace_back(category,
                                        form == 9 ? std::nullopt : std::optional<Form>(static_cast<Form>(form)));
      }
    }
    ExpectNoWider(DecideUnder(tightened, q), DecideHere(q), q, round);
  });
}

TEST(DecisionProperties, StatisticsAndAuditsNeverOpenCaseData) {
  EachRandomRequest([&](DecisionRequest q, std::mt19937& random, int round) {
    q.route = random() % 2 == 0 ? Route::kStatistics : Route::kAudit;
    for (const CategoryOutcome& outcome : DecideHere(q).categories) {
      const bool apt = outcome.category == "aggregate" || (q.route == Route::kAudit && outcome.category == "identity" &&
                                                           outcome.form == Form::kPseudonymise);
      ASSERT_TRUE(outcome.denied || apt) << "round " << round << ", " << outcome.category;
    }
  });
}

TEST(DecisionProperties, TheOrderOfAgreementsDoesNotMatter) {
  Policy backwards = Derbyshire();
  Agreement second = backwards.agreements.front();
  second.id += ".second";
  second.overlays = {{"identity", Form::kMask}};
  backwards.agreements.push_back(second);
  const Policy forwards = backwards;
  std::reverse(backwards.agreements.begin(), backwards.agreements.end());
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937&, int round) {
    ASSERT_TRUE(Same(DecideUnder(forwards, q), DecideUnder(backwards, q))) << "round " << round << ", " << q.profile;
    ASSERT_EQ(DecideUnder(forwards, q).agreement, DecideUnder(backwards, q).agreement) << "round " << round;
  });
}

TEST(DecisionProperties, AGroundLessNeverOpensAnything) {
  EachRandomRequest([&](const DecisionRequest& q, std::mt19937& random, int round) {
    if (q.grounds.empty()) return;
    DecisionRequest fewer = q;
    fewer.grounds.erase(fewer.grounds.begin() + static_cast<int>(random() % fewer.grounds.size()));
    ExpectNoWider(DecideHere(fewer), DecideHere(q), q, round);
  });
}

TEST(DecisionProperties, IntersectingIsCommutativeAndAssociative) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    DecisionRequest q = RandomRequest(Derbyshire(), random);
    const Decision a = DecideHere(q);
    q.facts->flags->push_back("address_protected");
    const Decision b = DecideHere(q);
    q.grounds.clear();
    const Decision c = DecideHere(q);
    const auto meet = [](const Decision& x, const Decision& y) { return Intersect(x, y, Derbyshire()); };
    ASSERT_TRUE(Same(meet(a, b), meet(b, a))) << "round " << round;
    ASSERT_TRUE(Same(meet(meet(a, b), c), meet(a, meet(b, c)))) << "round " << round;
  }
}

TEST(DecisionProperties, NothingLeavesInTheOrdinaryWayWithoutAnAgreement) {
  Policy none = Derbyshire();
  none.agreements.clear();
  EachRandomRequest([&](DecisionRequest q, std::mt19937&, int round) {
    q.route = Route::kOrdinary;
    for (const CategoryOutcome& outcome : DecideUnder(none, q).categories)
      ASSERT_TRUE(outcome.denied) << "round " << round << ", " << outcome.category;
  });
}

}  // namespace
}  // namespace derwent::policy
