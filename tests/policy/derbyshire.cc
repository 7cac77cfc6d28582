#include "tests/policy/derbyshire.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "policy/engine/decide.h"
#include "policy/loader/bundle.h"
#include "policy/loader/compile.h"

namespace derwent::policy {

const Files& DerbyshireFiles() {
  static const Files& files = *new Files(ReadBundleDirectory("policy/derbyshire").value());
  return files;
}

const Policy& Derbyshire() {
  static const Policy& policy = *[] {
    Problems problems(DerbyshireFiles());
    std::unique_ptr<Policy> compiled = Compile(DerbyshireFiles(), problems);
    if (compiled == nullptr) ADD_FAILURE() << "the bundle has errors";
    return compiled == nullptr ? new Policy() : compiled.release();
  }();
  return policy;
}

Policy TwoProfiles() {
  Policy small = Derbyshire();
  absl::erase_if(small.profiles, [](const auto& entry) { return entry.first != "marac" && entry.first != "channel"; });
  return small;
}

absl::Time Midday() { return absl::FromCivil(absl::CivilHour(2026, 12, 1, 10), absl::UTCTimeZone()); }

DecisionRequest AsbCase(std::vector<std::string> categories) {
  DecisionRequest q{.releasing_agency = "police.derbys",
                    .receiving_agency = "cbc",
                    .receiving_role = "practitioner",
                    .profile = "tb.ncasb",
                    .purpose = "case.asb_resolution",
                    .area = "E23000018"};
  q.case_link = CaseLink::kAsserted;
  q.justification = true;
  q.subject_role = "perpetrator_alleged";
  q.facts = SubjectFacts{.age = 27, .flags = Strings(), .consents = {}};
  q.categories = std::move(categories);
  return q;
}

DecisionRequest HomeVisit(std::vector<std::string> categories) {
  DecisionRequest q{.releasing_agency = "dcc.adults",
                    .receiving_agency = "dfrs",
                    .receiving_role = "practitioner",
                    .profile = "fire_safety",
                    .purpose = "case.fire_safety",
                    .area = "E07000034"};
  q.case_link = CaseLink::kAsserted;
  q.justification = true;
  q.subject_role = "resident";
  q.facts = SubjectFacts{.age = 71, .flags = Strings(), .consents = {}};
  q.categories = std::move(categories);
  return q;
}

DecisionRequest ChildReferral(std::vector<std::string> categories) {
  DecisionRequest q{.releasing_agency = "police.derbys",
                    .receiving_agency = "dcc.childrens",
                    .receiving_role = "mash_manager",
                    .profile = "mash",
                    .purpose = "case.child_safeguard",
                    .area = "E10000007"};
  q.direction = Direction::kPush;
  q.justification = true;
  q.subject_role = "child";
  q.facts = SubjectFacts{.age = 9, .flags = Strings(), .consents = {}};
  q.categories = std::move(categories);
  return q;
}

Decision DecideUnder(const Policy& policy, const DecisionRequest& request) {
  return Decide(request, {.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true}, Midday());
}

Decision DecideHere(const DecisionRequest& request) { return DecideUnder(Derbyshire(), request); }

bool Says(const CategoryOutcome& outcome, ReasonCode code) {
  return std::any_of(outcome.reasons.begin(), outcome.reasons.end(),
                     [&](const Reason& reason) { return reason.code == code; });
}

}  // namespace derwent::policy
