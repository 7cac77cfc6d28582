// Decisions worked by hand from the domain brief (B, H) and its completing decisions; each line is one category's
// outcome.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "policy/engine/decide.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

// `category OUTCOME form`, or `category DENY`.
std::vector<std::string> Lines(const Decision& decision) {
  std::vector<std::string> lines;
  for (const CategoryOutcome& outcome : decision.categories) {
    lines.push_back(outcome.denied ? absl::StrCat(outcome.category, " DENY")
                                   : absl::StrCat(outcome.category, " ", outcome.Shown(), " ", FormName(outcome.form)));
  }
  return lines;
}

struct Worked {
  std::string name;
  DecisionRequest request;
  std::vector<std::string> expected;
  std::string overall;
};

DecisionRequest With(DecisionRequest request, const std::function<void(DecisionRequest&)>& change) {
  change(request);
  return request;
}

DecisionRequest BreakGlass(std::vector<std::string> categories, const std::string& role) {
  DecisionRequest q{.releasing_agency = "nhs.dhcft",
                    .receiving_agency = "police.derbys",
                    .receiving_role = role,
                    .profile = "adult_safeguard",
                    .purpose = "emergency.vital",
                    .area = "E23000018"};
  q.route = Route::kBreakGlass;
  q.justification = true;
  q.subject_role = "adult_at_risk";
  q.facts = SubjectFacts{.age = 38, .flags = Strings(), .consents = {}};
  q.categories = std::move(categories);
  return q;
}

DecisionRequest Audit() {
  DecisionRequest q{.releasing_agency = "cbc",
                    .receiving_agency = "cbc",
                    .receiving_role = "dpo",
                    .profile = "marac",
                    .purpose = "audit.dpo"};
  q.justification = true;
  q.subject_role = "victim";
  q.facts = SubjectFacts{.age = 0, .flags = Strings(), .consents = {}};
  q.categories = {"aggregate", "identity", "incident"};
  return q;
}

DecisionRequest Access() {
  DecisionRequest q = Audit();
  q.purpose = "rights.subject";
  q.facts = SubjectFacts{.age = 41, .flags = Strings{"restriction_art18"}, .consents = {}};
  q.event = RightsEvent{.type = "access", .own = {"identity"}, .mixed = {"incident", "narrative"}, .fan_out_to = ""};
  q.categories = {"identity", "incident", "narrative", "household"};
  return q;
}

std::vector<Worked> All() {
  const DecisionRequest visit = HomeVisit({"identity", "household", "vulnerability.flag", "health.physical"});
  return {
      {"AGroundMakesTheConditionalCategoryMove",
       With(visit, [](auto& q) { q.grounds = {"fire_safety.household"}; }),
       {"identity PERMIT full", "household PERMIT full", "vulnerability.flag PERMIT flag_only", "health.physical DENY"},
       "PARTIAL"},
      {"WithoutItsGroundAConditionalCategoryStays",
       visit,
       {"identity PERMIT full", "household DENY", "vulnerability.flag PERMIT flag_only", "health.physical DENY"},
       "PARTIAL"},
      {"AnotherPurposeStopsEverything",
       With(visit, [](auto& q) { q.purpose = "case.da_safety"; }),
       {"identity DENY", "household DENY", "vulnerability.flag DENY", "health.physical DENY"},
       "DENY"},
      {"ARequestWithoutACaseStops",
       With(visit,
            [](auto& q) {
              q.case_link = CaseLink::kNone;
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"WitnessProtectionStopsEverything",
       With(visit,
            [](auto& q) {
              q.facts->flags = Strings{"witness_protection"};
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"AFlagNobodyKnowsStopsEverything",
       With(visit,
            [](auto& q) {
              q.facts->flags = Strings{"no_such_flag"};
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"AProtectedAddressStaysAndContactIsRelayed",
       With(ChildReferral({"identity", "contact", "location.current", "location.protected"}),
            [](auto& q) { q.facts->flags = Strings{"address_protected"}; }),
       {"identity PERMIT full", "contact REDACT relay", "location.current DENY", "location.protected DENY"},
       "PARTIAL"},
      {"AnObjectionWithAnExceptionAsksTheOfficer",
       With(visit,
            [](auto& q) {
              q.facts->flags = Strings{"objection_art21"};
              q.exception_flag = "objection_art21";
              q.exception_ground = "legal_claims";
              q.categories = {"identity"};
            }),
       {"identity APPROVE full"},
       "PENDING"},
      {"AnObjectionWithoutOneStops",
       With(visit,
            [](auto& q) {
              q.facts->flags = Strings{"objection_art21"};
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"BreakGlassGivesWhatSavesALife",
       BreakGlass({"identity", "contact", "location.current", "health.physical", "narrative"}, "duty_officer"),
       {"identity PERMIT full", "contact PERMIT full", "location.current PERMIT full",
        "health.physical REDACT flag_only", "narrative DENY"},
       "PARTIAL"},
      {"BreakGlassIsForDutyOfficers", BreakGlass({"identity"}, "practitioner"), {"identity DENY"}, "DENY"},
      {"AnAuditSeesCountsAndPseudonyms",
       Audit(),
       {"aggregate PERMIT full", "identity REDACT pseudonymise", "incident DENY"},
       "PARTIAL"},
      {"AnAuditOfAnotherAgencyIsNone",
       With(Audit(), [](auto& q) { q.releasing_agency = "dfrs"; }),
       {"aggregate DENY", "identity DENY", "incident DENY"},
       "DENY"},
      {"AnAuditNeedsARoleThatAudits",
       With(Audit(),
            [](auto& q) {
              q.receiving_role = "practitioner";
              q.categories = {"aggregate"};
            }),
       {"aggregate DENY"},
       "DENY"},
      {"AnAccessRequestMasksOthers",
       Access(),
       {"identity PERMIT full", "incident REDACT mask", "narrative APPROVE summarise", "household DENY"},
       "PENDING"},
      {"ACategoryOfHarmFourNeverGoesOnward",
       With(visit,
            [](auto& q) {
              q.onward = Onward{.organisation = "rp.housing", .as_controller = false, .originator_approval = "pending"};
              q.categories = {"identity", "health.physical"};
            }),
       {"identity APPROVE full", "health.physical DENY"},
       "PENDING"},
      {"ARefusalOfTheOriginatorStops",
       With(visit,
            [](auto& q) {
              q.onward = Onward{.organisation = "rp.housing", .as_controller = false, .originator_approval = "refused"};
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"NobodySharesWithThemselves",
       With(visit,
            [](auto& q) {
              q.receiving_agency = q.releasing_agency;
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"AnUnknownAgencyGetsNothing",
       With(visit,
            [](auto& q) {
              q.receiving_agency = "no.such";
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
      {"AHarmfulCategoryNeedsANote",
       With(ChildReferral({"identity"}), [](auto& q) { q.justification = false; }),
       {"identity DENY"},
       "DENY"},
      {"ATableFinerThanItsLimitIsCoarsened",
       With(AsbCase({"aggregate"}),
            [](auto& q) { q.table = Table{.topic = "default", .geography = "LSOA", .period = "week"}; }),
       {"aggregate REDACT generalise"},
       "PARTIAL"},
      {"AnExcludedPurposeIsRefused",
       With(visit,
            [](auto& q) {
              q.purpose = "x.media";
              q.categories = {"identity"};
            }),
       {"identity DENY"},
       "DENY"},
  };
}

class WorkedDecision : public ::testing::TestWithParam<Worked> {};

TEST_P(WorkedDecision, ComesOutAsWorked) {
  const Worked& worked = GetParam();
  const Decision decision = DecideHere(worked.request);
  EXPECT_EQ(Lines(decision), worked.expected);
  EXPECT_EQ(decision.Overall(), worked.overall);
}

INSTANTIATE_TEST_SUITE_P(Derbyshire, WorkedDecision, ::testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace derwent::policy
