// The reader of worked decisions in YAML: it must be able to fail.
#include "agents/cli/policy/scenarios.h"

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/policy/derbyshire.h"

namespace derwent::cli {
namespace {

constexpr char kWorked[] = R"(
- id: W1
  requester: {org: dfrs, role: practitioner}
  holder: dcc.adults
  profile: fire_safety
  purpose: case.fire_safety
  subject: {role: resident, age: 71, flags: []}
  agreement: valid
  grounds: []
  case_link: true
  expect: {identity: permit, household: deny, vulnerability.flag: permit}
  overall: partial
)";

std::vector<ScenarioResult> RunYaml(const std::string& yaml) { return RunScenarios(yaml, policy::Derbyshire()).value(); }

TEST(Scenarios, PassWhereTheDecisionIsAsWorked) {
  const std::vector<ScenarioResult> results = RunYaml(kWorked);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].differences.empty()) << results[0].differences[0];
}

TEST(Scenarios, FailWhereAnOutcomeTheFormOrTheWholeDiffers) {
  EXPECT_FALSE(RunYaml(absl::StrReplaceAll(kWorked, {{"household: deny", "household: permit"}}))[0].differences.empty());
  EXPECT_FALSE(RunYaml(absl::StrReplaceAll(kWorked, {{"overall: partial", "overall: permit"}}))[0].differences.empty());
  EXPECT_FALSE(RunYaml(absl::StrReplaceAll(kWorked, {{"overall: partial", "transform: {identity: pseudonymise}"}}))[0].differences.empty());
}

TEST(Scenarios, WithoutALiveAgreementDenyEverything) {
  for (const char* state : {"expired", "none"}) {
    const std::string yaml = absl::StrReplaceAll(kWorked, {{"valid", state}, {"permit", "deny"}, {"overall: partial", "overall: deny"}});
    EXPECT_TRUE(RunYaml(yaml)[0].differences.empty()) << state;
  }
}

TEST(Scenarios, NameTheOneThatIsMalformed) {
  const absl::Status status = RunScenarios(absl::StrReplaceAll(kWorked, {{"age: 71", "age: old"}}), policy::Derbyshire()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("W1"), std::string::npos);
}

}  // namespace
}  // namespace derwent::cli
