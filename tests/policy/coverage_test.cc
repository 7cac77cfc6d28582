// Coverage names what no worked decision tests: it must notice both.
#include "agents/cli/policy/coverage.h"

#include "gtest/gtest.h"

#include "tests/policy/derbyshire.h"

namespace derwent::cli {
namespace {

using policy::DecisionRequest;
using policy::HomeVisit;

Coverage After(const std::vector<DecisionRequest>& questions) {
  Coverage coverage(policy::Derbyshire());
  for (const DecisionRequest& q : questions) coverage.See(q, policy::DecideHere(q));
  return coverage;
}

TEST(Coverage, OfNothingIsNothing) {
  const Coverage coverage = After({});
  EXPECT_TRUE(coverage.rules().seen.empty() && coverage.conditions().seen.empty());
  EXPECT_GT(coverage.rules().all.size(), 500u);
  EXPECT_EQ(coverage.rules().unseen(), coverage.rules().all);
}

TEST(Coverage, CountsTheRulesThatReleasedSomething) {
  const Coverage coverage = After({HomeVisit({"identity"})});
  for (const char* rule :
       {"profiles/fire_safety/necessary/identity", "profiles/fire_safety/senders/council_upper",
        "profiles/fire_safety/receivers/practitioner", "profiles/fire_safety/purposes/case.fire_safety",
        "profiles/fire_safety/gateways/gw.frsa6"}) {
    EXPECT_TRUE(coverage.rules().seen.contains(rule)) << rule;
  }
  EXPECT_FALSE(coverage.rules().seen.contains("profiles/fire_safety/necessary/contact")) << "nobody asked for it";
}

TEST(Coverage, SeesAGroundFromBothSides) {
  const std::string condition = "profiles/fire_safety/conditional/household";
  DecisionRequest q = HomeVisit({"household"});
  Coverage coverage = After({q});
  EXPECT_TRUE(coverage.conditions().seen.contains(condition + " not asserted"));
  EXPECT_FALSE(coverage.rules().seen.contains(condition)) << "denied is not tested";
  q.grounds = {"fire_safety.household"};
  coverage.See(q, policy::DecideHere(q));
  EXPECT_TRUE(coverage.conditions().seen.contains(condition + " asserted"));
  EXPECT_TRUE(coverage.rules().seen.contains(condition));
}

TEST(Coverage, SeesAnOverlayWhereItBites) {
  const std::string rule = "overlays/tb.ncasb.high_peak/housing";
  DecisionRequest q = HomeVisit({"housing"});
  q.profile = "tb.ncasb";
  q.purpose = "case.asb_resolution";
  Coverage coverage = After({q});
  EXPECT_TRUE(coverage.rules().unseen().contains(rule)) << "another district";
  q.area = "E07000037";
  coverage.See(q, policy::DecideHere(q));
  EXPECT_TRUE(coverage.rules().seen.contains(rule));
}

TEST(Coverage, SeesConsentFromBothSides) {
  DecisionRequest q = HomeVisit({"identity"});
  q.step = "s213B";
  Coverage coverage = After({q});
  EXPECT_TRUE(coverage.conditions().seen.contains("consent_steps/s213B not given"));
  EXPECT_FALSE(coverage.conditions().seen.contains("consent_steps/s213B given"));
  q.facts->consents = {{.giver = "SUBJECT", .step = "s213B", .given = true}};
  coverage.See(q, policy::DecideHere(q));
  EXPECT_TRUE(coverage.conditions().seen.contains("consent_steps/s213B given"));
}

}  // namespace
}  // namespace derwent::cli
