// What begins and ends switches on its first day and off after its last, in both engines.
#include <array>

#include "gtest/gtest.h"

#include "policy/engine/agreements.h"
#include "policy/engine/decide.h"
#include "policy/engine/index.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

struct Switch {
  const char* name;
  void (*set)(Policy& policy, Days days);
  ReasonCode code;
};

void EachAgreement(Policy& policy, void (*change)(Agreement&, Days), Days days) {
  for (Agreement& agreement : policy.agreements) change(agreement, days);
}

class Dates : public ::testing::TestWithParam<Switch> {
 protected:
  // Whether a home visit releases who lives there; what refuses it must say why.
  bool Released(Days days) const {
    Policy policy = Derbyshire();
    GetParam().set(policy, days);
    const DecisionRequest q = HomeVisit({"identity"});
    const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
    const CategoryOutcome outcome = Decide(q, snapshot, Midday()).categories.front();
    const Index index = Index::Of(policy).value();
    std::array<Verdict, Interned::kMost> verdicts;
    index.Decide(index.Intern(q), snapshot, kDay, verdicts);
    EXPECT_EQ(verdicts[0].denied, outcome.denied);
    EXPECT_EQ(Says(outcome, GetParam().code), outcome.denied);
    return !outcome.denied;
  }
};

TEST_P(Dates, SwitchOnTheFirstDayAndAfterTheLast) {
  EXPECT_FALSE(Released({.first = kDay + 1}));
  EXPECT_TRUE(Released({.first = kDay}));
  EXPECT_TRUE(Released({.first = kDay, .last = kDay}));
  EXPECT_FALSE(Released({.last = kDay - 1}));
}

INSTANTIATE_TEST_SUITE_P(
    Of, Dates,
    ::testing::Values(Switch{"Role", [](Policy& p, Days days) { p.role_days["practitioner"] = days; },
                             ReasonCode::kRoleNotEntitled},
                      Switch{"Purpose", [](Policy& p, Days days) { p.purposes.at("case.fire_safety").valid = days; },
                             ReasonCode::kPurposeNotPermitted},
                      Switch{"Gateway",
                             [](Policy& p, Days days) {
                               p.profiles.at("fire_safety").gateways = {"gw.frsa6"};
                               p.gateways.at("gw.frsa6").effective_from = days.first;
                               p.gateways.at("gw.frsa6").effective_to = days.last;
                             },
                             ReasonCode::kLegalGatewayMissing},
                      Switch{"Giver", [](Policy& p, Days days) { p.organisations.at("dcc.adults").valid = days; },
                             ReasonCode::kRecipientNotParty},
                      Switch{"Receiver", [](Policy& p, Days days) { p.organisations.at("dfrs").valid = days; },
                             ReasonCode::kRecipientNotParty},
                      Switch{"AreaAsked", [](Policy& p, Days days) { p.areas.at(HomeVisit({}).area).valid = days; },
                             ReasonCode::kAreaNotCovered},
                      Switch{"AreaAgreed", [](Policy& p, Days days) { p.areas.at("E23000018").valid = days; },
                             ReasonCode::kAreaNotCovered},
                      Switch{"Agreement",
                             [](Policy& p, Days days) {
                               EachAgreement(
                                   p, [](Agreement& agreement, Days d) { agreement.effective = d; }, days);
                             },
                             ReasonCode::kAgreementNotInForce}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Dates, ARoleThatEndedIsHeldByNobody) {
  Policy policy = Derbyshire();
  policy.role_days["spoc"] = {.last = kDay - 1};
  Directories directories;
  directories["cbc"].people = {
      {.id = "p-1", .roles = {{.role = "spoc", .boards = {}, .areas = {"E23000018"}}}, .training_until = kDay}};
  const Snapshot snapshot{.policy = &policy, .directories = &directories};
  const RoleSought sought{.agency = "cbc", .role = "spoc"};
  EXPECT_FALSE(RoleHeld(snapshot, sought, kDay));
  EXPECT_TRUE(RoleHeld(snapshot, sought, kDay - 1));
}

TEST(OneWay, OnlyTheGiversGive) {
  for (const bool gives : {true, false}) {
    Policy policy = Derbyshire();
    for (Agreement& agreement : policy.agreements) {
      if (agreement.profiles.contains("fire_safety")) agreement.givers = {gives ? "dcc.adults" : "dfrs"};
    }
    const CategoryOutcome outcome = DecideUnder(policy, HomeVisit({"identity"})).categories.front();
    EXPECT_EQ(outcome.denied, !gives);
    EXPECT_EQ(Says(outcome, ReasonCode::kAgreementNotInForce), !gives);
  }
}

TEST(Transition, PassesOnlyByAnAuthorityThatTheProfileNames) {
  DecisionRequest q = AsbCase({"identity"});  // The police, for a purpose that enforces law, to a council.
  Policy policy = Derbyshire();
  EXPECT_FALSE(DecideUnder(policy, q).categories[0].denied);
  EXPECT_EQ(DecideUnder(policy, q).regimes.at("transition"), "gw.cda115");
  policy.profiles.at(q.profile).transition_authorities = {"gw.pja20_scrutiny"};
  EXPECT_TRUE(Says(DecideUnder(policy, q).categories[0], ReasonCode::kLawfulBasisMissing));
  q.releasing_agency = "dcc.community_safety";  // Both sides under UK GDPR.
  EXPECT_FALSE(DecideUnder(policy, q).categories[0].denied);
}

}  // namespace
}  // namespace derwent::policy
