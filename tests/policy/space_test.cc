// The space of questions misses nothing, and its classes are alike: what prove, diff and flows rest on.
#include "policy/space/space.h"

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "policy/engine/agreements.h"
#include "policy/engine/lattice.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/random_request.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

const Space& Whole() {
  static const Space& space = *new Space({&Derbyshire()}, kDay);
  return space;
}

template <typename Names, typename Name>
bool Has(const Names& names, const Name& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Words(const CategoryOutcome& outcome) {
  return absl::StrCat(outcome.category, " ", outcome.Shown(), " ", FormName(outcome.form), " ",
                      absl::StrJoin(outcome.approvers, "+"));
}

std::vector<std::string> Lines(const DecisionRequest& question) {
  std::vector<std::string> lines;
  for (const CategoryOutcome& outcome : DecideOpen(question, Derbyshire(), kDay)) lines.push_back(Words(outcome));
  return lines;
}

TEST(Space, IsAlikeWithinEachClass) {
  std::mt19937 random(20261201);
  const auto any = [&](const auto& names) -> const auto& { return names[random() % names.size()]; };
  for (const Context& context : Whole().contexts()) {
    DecisionRequest first = Whole().Question(context);
    DecisionRequest other =
        Whole().Question(context, any(*context.parties), any(*context.roles), any(*context.purposes));
    for (const auto& [category, contents] : Derbyshire().categories) first.categories.push_back(category);
    other.categories = first.categories;
    ASSERT_EQ(Lines(first), Lines(other))
        << other.profile << " " << other.releasing_agency << " to " << other.receiving_agency << " as "
        << other.receiving_role << " for " << other.purpose;
  }
}

bool UnderAgreement(const DecisionRequest& q) {
  return !FindAgreements(q, Snapshot{.policy = &Derbyshire(), .take_agreements_as_signed = true}, kDay)
              .in_force.empty();
}

// What a written request tells where an agreement is in force is decided as an ordinary share.
Route DecidedAs(const DecisionRequest& q, Route route) {
  return route == Route::kStatutoryRequest && q.says_whom && UnderAgreement(q) ? Route::kOrdinary : route;
}

// So that the space need not hold it.
TEST(Space, WhatAWrittenRequestTellsUnderAnAgreementIsDecidedAsAnyShare) {
  int released = 0;
  for (const Context& context : Whole().contexts()) {
    if (context.route != Route::kOrdinary || context.case_link == CaseLink::kNone) continue;
    DecisionRequest ordinary = Whole().Question(context);
    for (const auto& [category, contents] : Derbyshire().categories) ordinary.categories.push_back(category);
    ASSERT_TRUE(UnderAgreement(ordinary)) << context.profile;
    DecisionRequest told = ordinary;
    told.route = Route::kStatutoryRequest;
    told.says_whom = true;
    ASSERT_EQ(Lines(told), Lines(ordinary)) << context.profile;
    released += static_cast<int>(context.open.size());
  }
  EXPECT_GT(released, 500);
}

// How much of what questions release the space has a context for that releases it too: all, or the test has failed.
int Found(const std::function<void(DecisionRequest&)>& settle) {
  std::map<std::string, std::vector<const Context*>> by_profile;
  for (const Context& context : Whole().contexts()) by_profile[context.profile].push_back(&context);
  std::mt19937 random(7);
  int released = 0;
  for (int round = 0; round < 8000; ++round) {
    DecisionRequest q = RandomRequest(Derbyshire(), random);
    settle(q);
    const Decision decision = DecideHere(q);
    const Route route = DecidedAs(q, decision.route);
    const bool told = route == Route::kStatutoryRequest && q.says_whom;
    for (const CategoryOutcome& outcome : decision.categories) {
      if (outcome.denied) continue;
      ++released;
      const auto& contexts = by_profile[q.profile];
      const bool found = std::any_of(contexts.begin(), contexts.end(), [&](const Context* c) {
        return c->route == route && c->says_whom == told &&
               Has(*c->parties, Parties(q.releasing_agency, q.receiving_agency)) && Has(*c->roles, q.receiving_role) &&
               Has(*c->purposes, q.purpose) && Has(c->open, outcome.category);
      });
      if (!found) ADD_FAILURE() << "round " << round << ", " << q.profile << ", " << outcome.category;
    }
  }
  return released;
}

TEST(Space, MissesNothingThatIsReleased) {
  EXPECT_GT(Found([](DecisionRequest&) {}), 500);
}

TEST(Space, MissesNothingThatAWrittenRequestTells) {
  EXPECT_GT(Found([](DecisionRequest& q) {
              q.route = Route::kStatutoryRequest;
              q.document_reference = "D-1";
              q.says_whom = true;
            }),
            500);
}

bool NoWider(const CategoryOutcome& tight, const CategoryOutcome& loose) {
  if (tight.denied) return true;
  if (loose.denied || !IsWithin(tight.form, loose.form, *Derbyshire().FindCategory(tight.category))) return false;
  return std::includes(tight.approvers.begin(), tight.approvers.end(), loose.approvers.begin(), loose.approvers.end());
}

// So that a context with all in order bounds every question that lacks something.
TEST(Space, WhatIsMissingOnlyTakesAway) {
  const std::function<void(DecisionRequest&)> lacks[] = {
      [](DecisionRequest& q) { q.justification = false; },
      [](DecisionRequest& q) { q.document_reference.clear(); },
      [](DecisionRequest& q) { q.grounds.clear(); },
      [](DecisionRequest& q) { q.facts->consents.clear(); },
      [](DecisionRequest& q) { q.facts->flags.reset(); },
      [](DecisionRequest& q) { q.facts->flags->push_back("live_investigation"); },
      [](DecisionRequest& q) { q.facts->flags->push_back("address_protected"); },
      [](DecisionRequest& q) { q.facts->flags->push_back("ct_sensitive"); },
      [](DecisionRequest& q) { q.step = "s213B"; },
      [](DecisionRequest& q) {
        q.onward = Onward{.organisation = "dfrs", .as_controller = true, .originator_approval = "pending"};
      },
      [](DecisionRequest& q) { q.table = Table{.topic = "sexual_offence", .geography = "LSOA", .period = "week"}; }};
  for (const Context& context : Whole().contexts()) {
    DecisionRequest in_order = Whole().Question(context);
    in_order.categories = context.open;
    const std::vector<CategoryOutcome> loose = DecideOpen(in_order, Derbyshire(), kDay);
    for (const auto& lack : lacks) {
      DecisionRequest question = in_order;
      lack(question);
      const std::vector<CategoryOutcome> tight = DecideOpen(question, Derbyshire(), kDay);
      for (size_t i = 0; i < tight.size(); ++i) {
        // Narrower forms may ask fewer people only where nobody else is asked; none does here.
        ASSERT_TRUE(NoWider(tight[i], loose[i]))
            << context.profile << " " << Words(loose[i]) << " to " << Words(tight[i]);
      }
    }
  }
}

}  // namespace
}  // namespace derwent::policy
