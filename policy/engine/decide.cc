#include "policy/engine/decide.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "policy/engine/evaluation.h"
#include "trust/base/london.h"

namespace derwent::policy {
namespace {

std::string RegimeOf(const OrganisationType& type, const Purpose* purpose) {
  return UnderPart3(type, purpose) ? "PART_3" : "UK_GDPR";
}

std::string BasisOf(const OrganisationType& type, const std::string& regime) {
  return regime == "PART_3" ? "le.35" : type.basis;
}

// Conditions for the special-category and offence data that the decision lets out.
std::string ConditionsOf(const OrganisationType& type, const std::string& regime, const Decision& decision,
                         const Policy& policy) {
  bool special = false;
  bool offence = false;
  bool sensitive = false;
  for (const CategoryOutcome& outcome : decision.categories) {
    const Category* const category = outcome.denied ? nullptr : policy.FindCategory(outcome.category);
    if (category == nullptr) continue;
    special = special || category->special;
    offence = offence || category->offence;
    sensitive = sensitive || category->sensitive;
  }
  if (regime == "PART_3") return sensitive ? type.schedule_8_condition : "";
  std::string conditions = special ? type.special_condition : "";
  if (offence) absl::StrAppend(&conditions, conditions.empty() ? "" : " ", type.offence_condition);
  return conditions;
}

// By whose authority the data passes between Part 3 and UK GDPR: the first that the profile names of those relied on.
std::string TransitionOf(const Evaluation& e, const std::set<std::string>& relied_on) {
  for (const std::string& id : e.profile->transition_authorities) {
    if (relied_on.contains(id)) return id;
  }
  return "";
}

void Footing(const Evaluation& e, Decision& decision) {
  for (const CategoryOutcome& outcome : decision.categories) {
    const Category* const category = outcome.denied ? nullptr : e.policy.FindCategory(outcome.category);
    if (category == nullptr) continue;
    for (std::string& gateway : GatewaysFor(e, *category, outcome.form)) decision.gateways.insert(std::move(gateway));
  }
  const auto side = [&](absl::string_view name, const OrganisationType& type) {
    const std::string regime = RegimeOf(type, e.purpose);
    const std::string key(name);
    decision.regimes[key] = regime;
    decision.bases[key] = BasisOf(type, regime);
    decision.conditions[key] = ConditionsOf(type, regime, decision, e.policy);
  };
  side("sender", *e.holder_type);
  side("recipient", *e.receiver_type);
  if (decision.regimes["sender"] != decision.regimes["recipient"]) {
    const std::string authority = TransitionOf(e, decision.gateways);
    if (!authority.empty()) decision.regimes["transition"] = authority;
  }
}

void Obligations(const Evaluation& e, Decision& decision) {
  decision.obligations.insert(e.profile->obligations.begin(), e.profile->obligations.end());
  if (e.route == Route::kBreakGlass)
    decision.obligations.insert({"two_person", "expire_24h", "dpo_review_next_day", "tell_subject_unless_prejudice"});
  if (e.route == Route::kAudit) decision.obligations.insert({"log_auditor_access", "own_org_only"});
  if (!e.request.facts.has_value() || !e.request.facts->flags.has_value()) return;
  for (const std::string& id : *e.request.facts->flags) {
    const auto flag = e.policy.flags.find(id);
    if (flag != e.policy.flags.end())
      decision.obligations.insert(flag->second.obligations.begin(), flag->second.obligations.end());
  }
}

// A payload never widens a decision (domain decision 32).
void Payload(const Evaluation& e, Decision& decision) {
  for (const std::string& kind : e.request.payload) {
    if (e.profile->prohibited_payload.contains(kind)) {
      decision.payload_refused.push_back(kind);
      decision.obligations.insert("reject_payload");
      continue;
    }
    const auto decided = std::find_if(decision.categories.begin(), decision.categories.end(),
                                      [&](const CategoryOutcome& c) { return c.category == kind; });
    if (decided == decision.categories.end() || decided->denied) {
      decision.payload_refused.push_back(kind);
      decision.obligations.insert("quarantine");
    }
  }
}

}  // namespace

Decision Decide(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) {
  Evaluation e{.request = request, .snapshot = snapshot, .policy = *snapshot.policy, .day = LondonDay(now)};
  Resolve(e);
  CheckRequest(e);
  std::sort(e.refusals.begin(), e.refusals.end());
  Decision decision;
  decision.route = e.route;
  decision.categories.reserve(request.categories.size());
  for (const std::string& category : request.categories) decision.categories.push_back(DecideCategory(e, category));
  if (e.profile == nullptr || e.holder_type == nullptr || e.receiver_type == nullptr) return decision;
  decision.marking = e.profile->marking;
  decision.existence_sensitive = e.profile->existence_sensitive;
  decision.clock_hours = e.profile->clock_hours;
  decision.escalation_role = e.profile->escalation_role;
  if (!e.agreements.empty())
    decision.agreement = absl::StrCat(e.agreements.front()->id, ".", e.agreements.front()->revision);
  Footing(e, decision);
  Obligations(e, decision);
  Payload(e, decision);
  return decision;
}

}  // namespace derwent::policy
