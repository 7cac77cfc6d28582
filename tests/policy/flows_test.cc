// Who can get what from whom.
#include "policy/space/flows.h"

#include "gtest/gtest.h"

#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

TEST(Flows, AreWhatDecisionsGive) {
  const std::vector<Flow> flows =
      FlowsOf(Derbyshire(), kDay, {.profiles = {"fire_safety"}, .agencies = {"dfrs"}, .categories = {}});
  ASSERT_FALSE(flows.empty());
  bool oxygen = false;
  for (const Flow& flow : flows) {
    EXPECT_EQ(flow.profile, "fire_safety");
    EXPECT_TRUE(flow.giver == "dfrs" || flow.receiver == "dfrs");
    oxygen = oxygen || (flow.giver == "dcc.adults" && flow.category == "vulnerability.flag" &&
                        flow.outcome.Shown() == "PERMIT" && !flow.conditional);
  }
  EXPECT_TRUE(oxygen);
}

}  // namespace
}  // namespace derwent::policy
