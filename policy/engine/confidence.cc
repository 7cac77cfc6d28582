#include "policy/engine/confidence.h"

#include <algorithm>
#include <string>
#include <vector>

namespace derwent::policy {
namespace {

// Whether the step named is this share's: of this category, of the share itself or, where the request names none, one
// that belongs to no other share.
bool IsForThis(const std::string& step, const Evaluation& e, const std::string& category) {
  if (step == category || step == e.request.step) return true;
  return e.request.step.empty() && e.policy.other_steps.contains(step);
}

bool Consents(const Evaluation& e, const std::string& category) {
  if (!e.request.facts.has_value()) return false;
  const SubjectFacts& facts = *e.request.facts;
  const bool bound =
      std::any_of(e.policy.consent_steps.begin(), e.policy.consent_steps.end(),
                  [&](const ConsentStep& step) { return Binds(step, e.request) && Consented(step, facts); });
  return bound || std::any_of(facts.consents.begin(), facts.consents.end(), [&](const Consent& consent) {
           const ConsentStep step{.id = consent.step, .giver = "SUBJECT", .giver_under_18 = "GUARDIAN"};
           return IsForThis(consent.step, e, category) && Consented(step, facts);
         });
}

// Empty: nothing known here lifts it.
std::string LiftedBy(const Evaluation& e, const CategoryOutcome& outcome, const Category& category) {
  std::vector<std::string> gateways = GatewaysFor(e, category, outcome.form);
  std::sort(gateways.begin(), gateways.end());
  for (std::string& id : gateways) {
    if (e.policy.gateways.at(id).lifts_confidence) return std::move(id);
  }
  if (!outcome.approvers.empty()) return "approver";
  return Consents(e, outcome.category) ? "gw.consent_confidence" : "";
}

}  // namespace

void NameConfidence(const Evaluation& e, Decision& decision) {
  if (e.inside_route()) return;
  for (const CategoryOutcome& outcome : decision.categories) {
    const Category* const category = e.policy.FindCategory(outcome.category);
    if (outcome.denied || !category->confidential || outcome.form == Form::kAggregate) continue;
    const std::string lifted = LiftedBy(e, outcome, *category);
    if (lifted.empty())
      decision.obligations.insert("record_confidence_ground");
    else
      decision.confidence[outcome.category] = lifted;
  }
}

bool NeedsConfidenceGround(const Policy& policy, absl::string_view category) {
  const Category* const found = policy.FindCategory(category);
  return found != nullptr && found->confidential;
}

}  // namespace derwent::policy
