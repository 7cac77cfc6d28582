// Clocks and retention, as the brief has them for each profile (B "Clocks", B.0).
#include <map>
#include <string>

#include "gtest/gtest.h"

#include "policy/loader/retention.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

struct Case {
  const char* profile;
  const char* clock;
  Clock limit;
};

class ClockOf : public ::testing::TestWithParam<Case> {};

TEST_P(ClockOf, IsInTheProfile) {
  const auto& clocks = Derbyshire().profiles.at(GetParam().profile).clocks;
  ASSERT_TRUE(clocks.contains(GetParam().clock));
  EXPECT_EQ(clocks.at(GetParam().clock), GetParam().limit);
}

INSTANTIATE_TEST_SUITE_P(
    Brief, ClockOf,
    ::testing::Values(
        Case{"mash", "referral_decision", {.working_days = 1}}, Case{"mash", "assessment", {.working_days = 45}},
        Case{"mash", "initial_child_protection_conference", {.working_days = 15}},
        Case{"marac", "idva_contact", {.working_days = 2}}, Case{"marac", "action_update", {.working_days = 10}},
        Case{"marac", "repeat_flag", {.months = 12}}, Case{"dhr", "decision", {.months = 1}},
        Case{"dhr", "review", {.months = 6}}, Case{"dvds", "decision", {.days = 28}},
        Case{"channel", "panel", {.months = 1}}, Case{"channel", "check_after_6_months", {.months = 6}},
        Case{"channel", "check_after_12_months", {.months = 12}},
        Case{"nrm", "reasonable_grounds", {.working_days = 5}}, Case{"fire_safety", "arson_threat", {.hours = 24}},
        Case{"immediate_justice", "start_reparation", {.hours = 48}}, Case{"asb_cr", "review", {.working_days = 28}},
        Case{"mappa", "level_3_meeting", {.days = 56}}, Case{"tb.ncasb", "scrutiny_response", {.days = 28}},
        Case{"sv_sna", "s17a_feed", {.months = 3}}),
    [](const auto& info) {
      std::string name = std::string(info.param.profile) + "_" + info.param.clock;
      for (char& letter : name) letter = letter == '.' ? '_' : letter;
      return name;
    });

// B.0: seven years, longer if a child.
TEST(LedgerRetention, OfAChildLastsUntilItsTwentyFifthBirthday) {
  std::map<std::string, int> months = LedgerMonths(DerbyshireFiles());
  for (const char* profile : {"mash", "tb.soce", "tb.online"}) EXPECT_GE(months.at(profile), 25 * 12) << profile;
  EXPECT_EQ(months.at("tb.ncasb"), kLedgerMonths);
}

}  // namespace
}  // namespace derwent::policy
