// The index decides as the linear engine does.
#include "policy/engine/index.h"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "policy/engine/decide.h"
#include "policy/loader/words.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/random_request.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

std::string Line(bool denied, Form form, const auto& approvers) {
  return denied ? "denied" : absl::StrCat(FormName(form), " ", absl::StrJoin(approvers, "+"));
}

std::string Words(const std::vector<Reason>& reasons) {
  return absl::StrJoin(reasons, "; ", [](std::string* out, const Reason& reason) {
    absl::StrAppend(out, Describe(reason.code).name, " ", reason.rule);
  });
}

// Both engines on one question.
void ExpectAlike(const Index& index, const Policy& policy, const DecisionRequest& q, int round) {
  const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
  const Decision linear = Decide(q, snapshot, Midday());
  std::array<Verdict, Interned::kMost> verdicts;
  const Interned question = index.Intern(q);
  ASSERT_EQ(question.count, q.categories.size());
  index.Decide(question, snapshot, kDay, verdicts);
  for (size_t i = 0; i < q.categories.size(); ++i) {
    const CategoryOutcome& outcome = linear.categories[i];
    std::set<std::string> roles;
    for (const std::string& role : index.RolesOf(verdicts[i].approvers)) roles.insert(role);
    if (question.categories[i] >= 0) {
      ASSERT_EQ(Words(index.ReasonsOf(verdicts[i], q, i)), Words(outcome.reasons))
          << "round " << round << ": " << q.profile << " " << outcome.category << " " << q.releasing_agency << " to "
          << q.receiving_agency;
    }
    ASSERT_EQ(Line(verdicts[i].denied, verdicts[i].form, roles), Line(outcome.denied, outcome.form, outcome.approvers))
        << "round " << round << ": " << q.profile << " " << outcome.category << " " << q.releasing_agency << " to "
        << q.receiving_agency << " as " << q.receiving_role << " for " << q.purpose;
  }
}

TEST(Index, DecidesAsTheLinearEngineDoes) {
  const Index index = Index::Of(Derbyshire()).value();
  std::mt19937 random(20261126);
  for (int round = 0; round < 200000 && !::testing::Test::HasFatalFailure(); ++round) {
    DecisionRequest q = RandomRequest(Derbyshire(), random);
    if (random() % 8 == 0) q.facts.reset();
    if (random() % 16 == 0) q.area.clear();
    ExpectAlike(index, Derbyshire(), q, round);
  }
}

TEST(Index, MoreAgreementsThanItNumbersAreLeftToTheLinearEngine) {
  Policy policy = Derbyshire();
  const auto fire = std::find_if(policy.agreements.begin(), policy.agreements.end(),
                                 [](const Agreement& agreement) { return agreement.id == "fire_safety"; });
  ASSERT_NE(fire, policy.agreements.end());
  // The one in force comes after 64 that are over.
  Agreement over = *fire;
  over.effective.last = kDay - 1;
  fire->id = "z";
  for (int i = 0; i < 64; ++i) {
    over.id = absl::StrCat("a", i);
    policy.agreements.push_back(over);
  }
  const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
  const Decision decision = IndexedDecider(policy)->Decide(HomeVisit({"identity"}), snapshot, Midday());
  EXPECT_FALSE(decision.categories[0].denied) << Words(decision.categories[0].reasons);
}

// The same in every run.
template <typename Map>
std::vector<std::string> InOrder(const Map& map) {
  std::vector<std::string> ids = KeysOf(map);
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Agreements, notices, overlays and dates of other policies.
TEST(Index, DecidesAlikeUnderChangedPolicies) {
  std::mt19937 random(5);
  for (int change = 0; change < 20 && !::testing::Test::HasFatalFailure(); ++change) {
    Policy policy = Derbyshire();
    for (Agreement& agreement : policy.agreements) {
      if (random() % 3 == 0) agreement.overlays = {{"contact", std::nullopt}, {"identity", Form::kPseudonymise}};
      if (random() % 4 == 0)
        agreement.notices = {
            {.from = kDay - static_cast<int>(random() % 3) + 1, .removes = random() % 2 == 0 ? "dfrs" : ""}};
      if (random() % 5 == 0) agreement.apd_review = kDay - 1;
      if (random() % 4 == 0) agreement.givers = {"police.derbys", "dcc.adults", "cbc"};
      if (random() % 4 == 0) agreement.areas = {"E07000034"};
    }
    policy.gateways.at("gw.ca2004_16la").effective_from = kDay - 1 + static_cast<int>(random() % 3);
    for (const std::string& id : InOrder(policy.gateways)) {
      if (random() % 4 == 0) policy.gateways.at(id).effective_to = kDay - 1 + static_cast<int>(random() % 3);
    }
    for (const std::string& id : InOrder(policy.purposes)) {
      if (random() % 8 == 0) policy.purposes.at(id).valid.last = kDay - static_cast<int>(random() % 2);
    }
    for (const std::string& id : InOrder(policy.areas)) {
      if (random() % 8 == 0) policy.areas.at(id).valid.first = kDay + static_cast<int>(random() % 2);
    }
    for (const std::string& id : InOrder(policy.roles)) {
      if (random() % 8 == 0) policy.role_days[id].last = kDay - static_cast<int>(random() % 2);
    }
    for (const std::string& id : InOrder(policy.profiles)) {
      std::vector<std::string>& authorities = policy.profiles.at(id).transition_authorities;
      if (random() % 3 == 0 && !authorities.empty()) authorities.resize(1);
    }
    policy.types.at("police").special_condition = random() % 4 == 0 ? "" : "c9.g6";
    const Index index = Index::Of(policy).value();
    for (int round = 0; round < 1000 && !::testing::Test::HasFatalFailure(); ++round)
      ExpectAlike(index, policy, RandomRequest(policy, random), round);
  }
}

TEST(Decider, SaysByTheIndexWhatTheLinearEngineSays) {
  const std::unique_ptr<const Decider> decider = IndexedDecider(Derbyshire());
  const Snapshot snapshot{.policy = &Derbyshire(), .directories = nullptr, .take_agreements_as_signed = true};
  std::mt19937 random(6);
  for (int round = 0; round < 2000; ++round) {
    const DecisionRequest q = RandomRequest(Derbyshire(), random);
    const Decision linear = Decide(q, snapshot, Midday());
    const Decision indexed = decider->Decide(q, snapshot, Midday());
    for (size_t i = 0; i < q.categories.size(); ++i)
      ASSERT_EQ(indexed.categories[i].reasons, linear.categories[i].reasons) << "round " << round;
    ASSERT_EQ(indexed.gateways, linear.gateways);
    ASSERT_EQ(indexed.Overall(), linear.Overall());
  }
}

// Here the two differ because the policy was changed behind the index.
TEST(Decider, DeniesWhatTheTwoEnginesDoNotDecideAlike) {
  for (const bool opened : {true, false}) {
    Policy policy = Derbyshire();
    std::set<std::string>& necessary = policy.profiles.at("fire_safety").necessary;
    if (opened) necessary.erase("identity");
    const std::unique_ptr<const Decider> decider = IndexedDecider(policy);
    if (opened)
      necessary.insert("identity");
    else
      necessary.erase("identity");
    const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
    const Decision decision = decider->Decide(HomeVisit({"identity", "contact"}), snapshot, Midday());
    EXPECT_TRUE(decision.categories[0].denied);
    EXPECT_TRUE(Says(decision.categories[0], ReasonCode::kEnginesDiffer));
    EXPECT_FALSE(Says(decision.categories[1], ReasonCode::kEnginesDiffer));
  }
}

TEST(Decider, APolicyTooLargeForTheIndexIsDecidedAllTheSame) {
  Policy policy = Derbyshire();
  for (int i = 0; i < 65; ++i) policy.flags[absl::StrCat("flag", i)] = Flag{.id = absl::StrCat("flag", i)};
  const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
  EXPECT_FALSE(IndexedDecider(policy)->Decide(HomeVisit({"identity"}), snapshot, Midday()).categories[0].denied);
  EXPECT_EQ(IndexedDecider(policy)->engine(), "linear") << "and says so";
  EXPECT_EQ(IndexedDecider(Derbyshire())->engine(), "index");
}

TEST(Index, RefusesMoreThanItCanNumber) {
  Policy policy = Derbyshire();
  for (int i = 0; i < 65; ++i) policy.flags[absl::StrCat("flag", i)] = Flag{.id = absl::StrCat("flag", i)};
  EXPECT_EQ(Index::Of(policy).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace derwent::policy
