#include "policy/engine/decide.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "policy/engine/confidence.h"
#include "policy/engine/evaluation.h"
#include "policy/engine/footing.h"
#include "trust/base/london.h"

namespace derwent::policy {
namespace {

void Obligations(const Evaluation& e, Decision& decision) {
  decision.obligations.insert(e.profile->obligations.begin(), e.profile->obligations.end());
  if (e.route == Route::kBreakGlass)
    decision.obligations.insert({"two_person", "expire_24h", "dpo_review_next_day", "tell_subject_unless_prejudice"});
  if (e.route == Route::kRightsEvent && e.request.event.has_value())  // Brief D.2: Articles 12(3) and 19.
    decision.obligations.insert(e.request.event->type == "access" ? "clock_1_month" : "receipt_required");
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
  RecordFooting(e, decision);
  NameConfidence(e, decision);
  Obligations(e, decision);
  Payload(e, decision);
  return decision;
}

}  // namespace derwent::policy
