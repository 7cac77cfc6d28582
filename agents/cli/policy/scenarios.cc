#include "agents/cli/policy/scenarios.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "agents/cli/policy/offline.h"
#include "agents/cli/policy/scenario_shape.h"
#include "policy/engine/decide.h"
#include "policy/engine/lattice.h"
#include "policy/loader/record.h"
#include "yaml-cpp/yaml.h"

namespace derwent::cli {
namespace {

using policy::DecisionRequest;

std::string Text(const YAML::Node& node, const char* field) { return node[field] ? node[field].as<std::string>() : ""; }

std::vector<std::string> List(const YAML::Node& node) {
  return node ? node.as<std::vector<std::string>>() : std::vector<std::string>();
}

void ReadFacts(const YAML::Node& s, DecisionRequest& q) {
  policy::SubjectFacts facts{
      .age = s["subject"]["age"].as<int>(), .flags = List(s["subject"]["flags"]), .consents = {}};
  for (const YAML::Node& consent : s["consents"]) {
    facts.consents.push_back({.giver = absl::AsciiStrToUpper(Text(consent, "giver")),
                              .step = Text(consent, "step"),
                              .given = consent["given"].as<bool>()});
  }
  q.subject_role = Text(s["subject"], "role");
  q.facts = std::move(facts);
}

void ReadExtras(const YAML::Node& s, DecisionRequest& q) {
  if (s["exception"]) {
    q.exception_flag = Text(s["exception"], "flag");
    q.exception_ground = Text(s["exception"], "ground");
  }
  if (const YAML::Node event = s["event"]) {
    q.event = policy::RightsEvent{.type = Text(event, "type"),
                                  .own = List(event["own"]),
                                  .mixed = List(event["mixed"]),
                                  .fan_out_to = Text(event, "fan_out_to")};
  }
  if (const YAML::Node onward = s["onward"]) {
    q.onward = policy::Onward{.organisation = Text(onward, "org"),
                              .as_controller = Text(onward, "as") != "processor",
                              .originator_approval = Text(onward, "originator_approval")};
  }
  if (const YAML::Node table = s["table"])
    q.table = policy::Table{
        .topic = Text(table, "topic"), .geography = Text(table, "geography"), .period = Text(table, "period")};
  q.payload = List(s["payload"]);
  using enum policy::Route;
  for (const policy::Route route : {kOrdinary, kBreakGlass, kStatutoryRequest, kStatistics, kRightsEvent, kAudit}) {
    if (absl::AsciiStrToUpper(Text(s, "path")) == policy::RouteName(route)) q.route = route;
  }
}

DecisionRequest ReadRequest(const YAML::Node& s) {
  DecisionRequest q{.releasing_agency = Text(s, "holder"),
                    .receiving_agency = Text(s["requester"], "org"),
                    .receiving_role = Text(s["requester"], "role"),
                    .profile = Text(s, "profile"),
                    .purpose = Text(s, "purpose"),
                    .area = s["area"] ? Text(s, "area") : kCounty};
  q.direction = Text(s, "direction") == "push" || Text(s, "path") == "push_referral" ? policy::Direction::kPush
                                                                                     : policy::Direction::kRequest;
  q.case_link = s["case_link"] && s["case_link"].as<bool>() ? policy::CaseLink::kAsserted : policy::CaseLink::kNone;
  q.justification = true;
  q.grounds = List(s["grounds"]);
  q.document_reference = s["document_reference"] && s["document_reference"].as<bool>() ? "DOC" : "";
  q.step = Text(s, "step");
  q.product = Text(s, "product");
  for (const auto& expected : s["expect"]) q.categories.push_back(expected.first.as<std::string>());
  ReadFacts(s, q);
  ReadExtras(s, q);
  return q;
}

// The scenario's agreement in place of the bundle's: in force, ended, or none; `bundle`: the bundle's own stand.
policy::Policy WithAgreement(const policy::Policy& policy, const DecisionRequest& q, const std::string& state,
                             absl::Time now) {
  policy::Policy changed = policy;
  if (state == "bundle") return changed;
  changed.agreements.clear();
  if (state == "none") return changed;
  const absl::CivilDay today = absl::ToCivilDay(now, absl::UTCTimeZone());
  policy::Agreement agreement{.id = "scenario",
                              .revision = 1,
                              .parties = {q.releasing_agency, q.receiving_agency},
                              .profiles = {q.profile},
                              .areas = {q.area}};
  agreement.effective = {.first = today - 365, .last = state == "expired" ? today - 12 : today + 365};
  changed.agreements.push_back(std::move(agreement));
  return changed;
}

void Compare(const policy::Decision& decision, const YAML::Node& s, const policy::Policy& policy, absl::string_view who,
             std::vector<std::string>& differences) {
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    const std::string want = absl::AsciiStrToUpper(s["expect"][outcome.category].as<std::string>());
    if (outcome.Shown() != want)
      differences.push_back(absl::StrCat(who, outcome.category, ": ", outcome.Shown(), ", expected ", want));
    if (outcome.denied) continue;
    const YAML::Node transform =
        s["transform"] ? s["transform"][outcome.category] : YAML::Node(YAML::NodeType::Undefined);
    const std::string form = transform ? transform.as<std::string>() : "full";
    const std::string wanted = form == "none" ? "full" : form;
    const bool both_full =
        outcome.form_is_full &&
        (wanted == "full" ||
         policy.FindCategory(outcome.category)->CountsAsFull(policy::ParseForm(wanted).value_or(policy::Form::kRelay)));
    if (!both_full && policy::FormName(outcome.form) != wanted) {
      differences.push_back(
          absl::StrCat(who, outcome.category, ": form ", policy::FormName(outcome.form), ", expected ", wanted));
    }
  }
  const std::string overall = absl::AsciiStrToUpper(Text(s, "overall"));
  if (!overall.empty() && decision.Overall() != overall)
    differences.push_back(absl::StrCat(who, "overall: ", decision.Overall(), ", expected ", overall));
}

ScenarioResult RunOne(const YAML::Node& s, const policy::Policy& policy) {
  ScenarioResult result{.id = Text(s, "id")};
  absl::Time now;
  absl::ParseTime(absl::RFC3339_full, "2026-12-01T10:00:00Z", &now, nullptr);
  const DecisionRequest whole = ReadRequest(s);
  const policy::Policy with = WithAgreement(policy, whole, Text(s, "agreement"), now);
  const policy::Snapshot snapshot{.policy = &with, .directories = nullptr, .take_agreements_as_signed = true};
  result.request = whole;
  result.decision = policy::Decide(whole, snapshot, now);
  const policy::Decision& holder = result.decision;
  Compare(holder, s, policy, "", result.differences);
  DecisionRequest brokers = whole;
  brokers.facts.reset();
  Compare(policy::Intersect(policy::Decide(brokers, snapshot, now), holder, with), s, policy,
          "broker and holder: ", result.differences);
  return result;
}

// The id, else the line.
std::string IdOf(const YAML::Node& s) {
  return s.IsMap() && s["id"] && s["id"].IsScalar() ? s["id"].Scalar() : absl::StrCat("line ", s.Mark().line + 1);
}

}  // namespace

absl::StatusOr<std::vector<ScenarioResult>> RunScenarios(const std::string& yaml, const policy::Policy& policy) {
  try {  // yaml-cpp reports by exception; none leaves this function.
    const YAML::Node file = YAML::Load(yaml);
    if (!file.IsSequence()) return absl::InvalidArgumentError("the file is not a list of scenarios");
    std::vector<ScenarioResult> results;
    std::set<std::string> ids;
    for (const YAML::Node& scenario : file) {
      ScenarioResult malformed{.id = IdOf(scenario), .malformed = true};
      for (Fault& fault : WrongInScenario(scenario)) malformed.differences.push_back(std::move(fault.what));
      if (!ids.insert(malformed.id).second) malformed.differences.emplace_back("id stands twice");
      results.push_back(malformed.differences.empty() ? RunOne(scenario, policy) : std::move(malformed));
    }
    return results;
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the file is malformed: ", error.what()));
  }
}

}  // namespace derwent::cli
