// What ends within 90 days is warned of; a day later it is not yet.
#include "policy/loader/ends.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "policy/loader/compile.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);
constexpr absl::CivilDay kBorder(2027, 3, 1);  // 90 days later.

std::vector<std::string> Lines(const Problems& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems.list()) {
    if (problem.severity == Severity::kWarning) lines.push_back(problem.ToString());
  }
  return lines;
}

// Warnings on `kDay` once something of the policy has been changed, that contain `part`.
template <typename Change>
std::vector<std::string> WarningsOf(absl::string_view part, Change change) {
  Files files = DerbyshireFiles();
  Problems problems(files);
  const std::unique_ptr<Policy> policy = Compile(files, problems);
  change(*policy);
  WarnOfEnds(*policy, kDay, problems);
  std::vector<std::string> lines = Lines(problems);
  std::erase_if(lines, [&](const std::string& line) { return !absl::StrContains(line, part); });
  return lines;
}

Agreement& Marac(Policy& policy) {
  return *std::find_if(policy.agreements.begin(), policy.agreements.end(),
                       [](const Agreement& a) { return a.id == "marac"; });
}

struct End {
  const char* name;
  const char* said;
  void (*set)(Policy& policy, absl::CivilDay last);
};

class Ends : public ::testing::TestWithParam<End> {};

TEST_P(Ends, AreWarnedOfNinetyDaysAheadAndNotEarlier) {
  const End& end = GetParam();
  const auto on = [&](absl::CivilDay last) {
    return WarningsOf(end.said, [&](Policy& policy) { end.set(policy, last); });
  };
  EXPECT_EQ(on(kBorder).size(), 1u);
  EXPECT_TRUE(absl::StrContains(absl::StrJoin(on(kBorder), ""), " on 2027-03-01, in 90 days")) << on(kBorder)[0];
  EXPECT_EQ(on(kDay).size(), 1u);
  EXPECT_TRUE(on(kBorder + 1).empty());
  EXPECT_TRUE(on(absl::CivilDay::max()).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Of, Ends,
    ::testing::Values(
        End{"Agreement", "agreement `marac` ends",
            [](Policy& p, absl::CivilDay last) { Marac(p).effective.last = last; }},
        End{"Review", "review of agreement `marac` is due", [](Policy& p, absl::CivilDay d) { Marac(p).review = d; }},
        End{"PolicyDocument", "review of the appropriate policy document of `marac` is due",
            [](Policy& p, absl::CivilDay due) { Marac(p).apd_review = due; }},
        End{"Organisation", "organisation `pcc.derbys`, party to ",
            [](Policy& p, absl::CivilDay last) { p.organisations.at("pcc.derbys").valid.last = last; }},
        End{"Area", "area `E07000037` ends",
            [](Policy& p, absl::CivilDay last) { p.areas.at("E07000037").valid.last = last; }},
        End{"Role", "role `spoc` ends", [](Policy& p, absl::CivilDay last) { p.role_days["spoc"].last = last; }},
        End{"Purpose", "purpose `case.da_safety` ends",
            [](Policy& p, absl::CivilDay last) { p.purposes.at("case.da_safety").valid.last = last; }},
        End{"Gateway", "gateway `gw.cda115` ends",
            [](Policy& p, absl::CivilDay last) { p.gateways.at("gw.cda115").effective_to = last; }}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(EndsSoon, NamesTheLineTheDateAndWhatToDo) {
  const std::vector<std::string> lines =
      WarningsOf("`marac` ends", [](Policy& policy) { Marac(policy).effective.last = kBorder; });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(lines[0], "agreements/marac.txtpb:")) << lines[0];
  EXPECT_TRUE(absl::StrContains(lines[0], "[ends-soon]; renew it")) << lines[0];
}

TEST(EndsSoon, SaysWhatIsOver) {
  const auto over = [](Policy& policy) {
    Marac(policy).effective.last = kDay - 1;
    Marac(policy).review = kDay - 1;
  };
  EXPECT_EQ(WarningsOf("agreement `marac` ended on 2026-11-30 [ended]", over).size(), 1u);
  EXPECT_EQ(WarningsOf("review of agreement `marac` was due on 2026-11-30 [review-due]", over).size(), 1u);
}

// Clocks, slots and approvals count working days: past the last bank holiday named they are counted wrong.
TEST(EndsSoon, SaysThatTheCalendarEnds) {
  const auto until = [](absl::CivilDay last) {
    return WarningsOf("[calendar-ends]", [&](Policy& policy) { policy.bank_holidays = {last}; });
  };
  EXPECT_TRUE(until(kDay + 400).empty());
  ASSERT_EQ(until(kDay + 399).size(), 1u);
  EXPECT_TRUE(absl::StrContains(until(kDay + 399)[0], "the last bank holiday named is 2028-01-04: every later one"))
      << until(kDay + 399)[0];
  EXPECT_EQ(WarningsOf("[calendar-ends]", [](Policy& policy) { policy.bank_holidays.clear(); }).size(), 1u);
  const std::string line =
      WarningsOf("[calendar-ends]", [](Policy& policy) { policy.bank_holidays = {absl::CivilDay(2026, 12, 28)}; })[0];
  EXPECT_TRUE(absl::StartsWith(line, "calendar.txtpb:")) << line;
}

// Role until `role`, training until `training`.
std::vector<std::string> WarningsOfDirectory(const std::string& role, const std::string& training) {
  const Files files = {
      {"cbc.txtpb",
       absl::StrCat("agency: \"cbc\"\nversion: 1\nentries {\n  id: \"p-1\"\n  training_until: \"", training,
                    "\"\n  roles { role: \"spoc\" areas: \"E23000018\" valid_from: \"2026-01-01\" "
                    "valid_to: \"",
                    role, "\" }\n}\n")}};
  Problems problems(files);
  WarnOfEndsInDirectory(files, "cbc.txtpb", Derbyshire(), kDay, problems);
  EXPECT_FALSE(problems.any_error());
  return Lines(problems);
}

TEST(EndsSoon, LooksAtRolesAndTrainingOfADirectory) {
  EXPECT_EQ(WarningsOfDirectory("2027-03-02", "2027-03-02"), std::vector<std::string>());
  EXPECT_EQ(WarningsOfDirectory("2027-03-01", "2027-03-01"),
            (std::vector<std::string>{
                "cbc.txtpb:4: warning: role `spoc` of `p-1` ends on 2027-03-01, in 90 days [ends-soon]; the registrar "
                "renews it, or it is no longer held",
                "cbc.txtpb:4: warning: training of `p-1` ends on 2027-03-01, in 90 days [ends-soon]; no role counts "
                "without training"}));
}

TEST(EndsSoon, RefusesADirectoryThatNamesWhatIsUnknown) {
  const Files files = {{"x.txtpb", "agency: \"cbx\"\nversion: 1\n"}};
  Problems problems(files);
  WarnOfEndsInDirectory(files, "x.txtpb", Derbyshire(), kDay, problems);
  EXPECT_TRUE(problems.any_error());
}

// A gateway switches off after its last day.
TEST(Gateway, CarriesUntilItsLastDay) {
  Policy policy = Derbyshire();
  policy.profiles.at("fire_safety").gateways = {"gw.frsa6"};
  policy.gateways.at("gw.frsa6").effective_to = kDay;
  EXPECT_FALSE(DecideUnder(policy, HomeVisit({"identity"})).categories[0].denied);
  policy.gateways.at("gw.frsa6").effective_to = kDay - 1;
  EXPECT_TRUE(Says(DecideUnder(policy, HomeVisit({"identity"})).categories[0], ReasonCode::kLegalGatewayMissing));
}

}  // namespace
}  // namespace derwent::policy
