// The reader of worked decisions in YAML: it must be able to fail.
#include "agents/cli/policy/scenarios.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

std::vector<ScenarioResult> RunYaml(const std::string& yaml) {
  return RunScenarios(yaml, policy::Derbyshire()).value();
}

TEST(Scenarios, PassWhereTheDecisionIsAsWorked) {
  const std::vector<ScenarioResult> results = RunYaml(kWorked);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].differences.empty()) << results[0].differences[0];
}

TEST(Scenarios, FailWhereAnOutcomeTheFormOrTheWholeDiffers) {
  EXPECT_FALSE(
      RunYaml(absl::StrReplaceAll(kWorked, {{"household: deny", "household: permit"}}))[0].differences.empty());
  EXPECT_FALSE(RunYaml(absl::StrReplaceAll(kWorked, {{"overall: partial", "overall: permit"}}))[0].differences.empty());
  EXPECT_FALSE(RunYaml(absl::StrReplaceAll(kWorked, {{"overall: partial", "transform: {identity: pseudonymise}"}}))[0]
                   .differences.empty());
}

TEST(Scenarios, WithoutALiveAgreementDenyEverything) {
  for (const char* state : {"expired", "none"}) {
    const std::string yaml =
        absl::StrReplaceAll(kWorked, {{"valid", state}, {"permit", "deny"}, {"overall: partial", "overall: deny"}});
    EXPECT_TRUE(RunYaml(yaml)[0].differences.empty()) << state;
  }
}

// What is wrong with the one scenario once `from` is `to`, if anything.
std::string Malformed(const std::string& from, const std::string& to) {
  const ScenarioResult result = RunYaml(absl::StrReplaceAll(kWorked, {{from, to}}))[0];
  return result.malformed ? absl::StrJoin(result.differences, "; ") : "";
}

TEST(Scenarios, NameEveryFieldThatTheFormatDoesNotKnow) {
  EXPECT_EQ(Malformed("age: 71", "age: old"), "subject.age is not 0 to 150");
  EXPECT_EQ(Malformed("agreement: valid", "agreement: signed"), "agreement is none of valid, expired, none, bundle");
  EXPECT_EQ(Malformed("  grounds: []", "  grounds: []\n  consent: []"),
            "consent is no field of the format: did you mean `consents`?");
  EXPECT_EQ(Malformed("role: practitioner}", "role: practitioner, board: x}"),
            "requester.board is no field of the format");
  EXPECT_EQ(Malformed("household: deny", "household: denied"),
            "expect.household is none of permit, redact, approve, deny");
  EXPECT_EQ(Malformed("  holder: dcc.adults\n", ""), "holder is missing");
  EXPECT_EQ(
      Malformed("overall: partial", "overall: most\n  path: shortcut"),
      "overall is none of permit, partial, pending, deny; path is none of ordinary, break_glass, statutory_request, "
      "statistics, rights_event, audit, push_referral");
  EXPECT_EQ(Malformed("agreement: valid", "agreement: valid\n  consents: [{giver: friend, step: x, given: maybe}]"),
            "consents[0].giver is none of subject, guardian; consents[0].given is neither true nor false");
}

TEST(Scenarios, RunTheOthersBesideAMalformedOne) {
  const std::vector<ScenarioResult> results = RunYaml(absl::StrCat(
      absl::StrReplaceAll(kWorked, {{"age: 71", "age: old"}}), absl::StrReplaceAll(kWorked, {{"W1", "W2"}})));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[0].malformed);
  EXPECT_TRUE(results[1].differences.empty());
  EXPECT_EQ(RunYaml(absl::StrCat(kWorked, kWorked))[1].differences, std::vector<std::string>{"id stands twice"});
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void ExpectAllAsWorked(const std::filesystem::path& path, int at_least) {
  const std::vector<ScenarioResult> results = RunYaml(Read(path));
  EXPECT_GE(static_cast<int>(results.size()), at_least) << path;
  for (const ScenarioResult& result : results)
    EXPECT_TRUE(result.differences.empty()) << result.id << ": " << absl::StrJoin(result.differences, "; ");
}

TEST(WorkedDecisions, ComeOutAsWorkedByHand) {
  for (const char* file : {"boards", "safeguarding", "justice_and_homes", "routes"})
    ExpectAllAsWorked(absl::StrCat("policy/derbyshire/scenarios/", file, ".yaml"), 40);
}

TEST(WorkedDecisions, OfADistrictComeOutUnderItsOwnAgreement) {
  ExpectAllAsWorked("policy/derbyshire/scenarios/districts.yaml", 10);
}

TEST(Scenarios, UnderTheBundlesAgreementsKeepToTheArea) {
  const std::string somewhere =
      absl::StrReplaceAll(kWorked, {{"agreement: valid", "agreement: bundle\n  area: E07000034"}});
  EXPECT_TRUE(RunYaml(somewhere)[0].differences.empty());
  EXPECT_FALSE(RunYaml(absl::StrReplaceAll(somewhere, {{"E07000034", "E12000004"}}))[0].differences.empty())
      << "no agreement covers the region";
}

TEST(WorkedDecisions, OfTheDomainPageComeOutToo) {
  const char* const kPage = "../shared/domain/scenarios.yaml";
  if (!std::filesystem::exists(kPage)) GTEST_SKIP() << "the domain page is not here";
  ExpectAllAsWorked(kPage, 20);
}

// A profile, flag or route that no worked decision mentions could change unseen.
TEST(WorkedDecisions, MentionEveryProfileFlagAndRoute) {
  std::string all;
  for (const char* file : {"boards", "safeguarding", "justice_and_homes", "routes"})
    all += Read(absl::StrCat("policy/derbyshire/scenarios/", file, ".yaml"));
  for (const auto& [id, profile] : policy::Derbyshire().profiles)
    EXPECT_TRUE(absl::StrContains(all, absl::StrCat("profile: ", id, "\n"))) << id;
  for (const auto& [id, flag] : policy::Derbyshire().flags) EXPECT_TRUE(absl::StrContains(all, id)) << id;
  for (const char* route : {"break_glass", "statutory_request", "statistics", "event:", "audit.dpo", "direction: push",
                            "onward:", "payload:", "table:", "exception:", "product:"}) {
    EXPECT_TRUE(absl::StrContains(all, route)) << route;
  }
}

}  // namespace
}  // namespace derwent::cli
