#include "agents/cli/policy/coverage.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/evaluation.h"

namespace derwent::cli {
namespace {

using policy::ReasonCode;

std::string Place(const policy::Profile& profile, absl::string_view what, absl::string_view which) {
  return absl::StrCat("profiles/", profile.id, "/", what, "/", which);
}

const std::string& TypeOf(const policy::Policy& policy, const std::string& agency) {
  static const std::string& none = *new std::string();
  const auto found = policy.organisations.find(agency);
  return found == policy.organisations.end() ? none : found->second.type;
}

}  // namespace

std::set<std::string> Coverage::Tally::unseen() const {
  std::set<std::string> rest;
  std::set_difference(all.begin(), all.end(), seen.begin(), seen.end(), std::inserter(rest, rest.begin()));
  return rest;
}

Coverage::Coverage(const policy::Policy& policy) : policy_(policy) {
  for (const auto& [id, profile] : policy.profiles) List(profile);
  for (const auto& [id, flag] : policy.flags) {
    rules_.all.insert(absl::StrCat("flags/", id));
    if (!flag.exception_grounds.empty())
      conditions_.all.insert(
          {absl::StrCat("flags/", id, " exception claimed"), absl::StrCat("flags/", id, " no exception")});
  }
  for (const policy::Agreement& agreement : policy.agreements) {
    for (const auto& [category, form] : agreement.overlays)
      rules_.all.insert(absl::StrCat("overlays/", agreement.id, "/", category));
  }
  for (const policy::ConsentStep& step : policy.consent_steps) {
    rules_.all.insert(absl::StrCat("consent_steps/", step.id));
    conditions_.all.insert(
        {absl::StrCat("consent_steps/", step.id, " given"), absl::StrCat("consent_steps/", step.id, " not given")});
  }
}

void Coverage::List(const policy::Profile& p) {
  const auto rules = [&](absl::string_view what, const auto& ids) {
    for (const auto& id : ids) {
      if constexpr (requires { id.first; })
        rules_.all.insert(Place(p, what, id.first));
      else
        rules_.all.insert(Place(p, what, id));
    }
  };
  rules("purposes", p.purposes);
  rules("denied_purposes", p.denied_purposes);
  rules("senders", p.senders);
  rules("receivers", p.receivers);
  rules("recipient_organisations", p.recipient_organisations);
  rules("gateways", p.gateways);
  rules("necessary", p.necessary);
  rules("conditional", p.conditional);
  rules("blocked_flags", p.blocked_flags);
  for (const std::string& gateway : p.gateways) {  // Support and exemption never carry anything.
    if (!policy_.gateways.at(gateway).StandsAlone()) rules_.all.erase(Place(p, "gateways", gateway));
  }
  for (const auto& [receiver, ceiling] : p.ceilings) {
    rules(absl::StrCat("ceilings/", receiver), ceiling.permit);
    rules(absl::StrCat("ceilings/", receiver), ceiling.redact);
    rules(absl::StrCat("ceilings/", receiver), ceiling.approve);
    conditions_.all.insert(Place(p, "ceilings", absl::StrCat(receiver, " denies the rest")));
  }
  for (const auto& [product, allowed] : p.products) {
    rules(absl::StrCat("products/", product), allowed.allow);
    conditions_.all.insert(Place(p, "products", absl::StrCat(product, " for another age")));
  }
  for (const auto& [category, conditional] : p.conditional) {
    conditions_.all.insert({Place(p, "conditional", absl::StrCat(category, " asserted")),
                            Place(p, "conditional", absl::StrCat(category, " not asserted"))});
    if (conditional.of_a_child)
      conditions_.all.insert(Place(p, "conditional", absl::StrCat(category, " of another age")));
  }
  conditions_.all.insert({Place(p, "purposes", "another purpose"), Place(p, "senders", "another sender"),
                          Place(p, "receivers", "another role")});
}

void Coverage::SeeReleased(const policy::DecisionRequest& q, const policy::Profile& p,
                           const policy::CategoryOutcome& outcome) {
  Hit(rules_, Place(p, "purposes", q.purpose));
  Hit(rules_, Place(p, "senders", TypeOf(policy_, q.releasing_agency)));
  if (p.recipient_organisations.contains(q.receiving_agency))
    Hit(rules_, Place(p, "recipient_organisations", q.receiving_agency));
  else
    Hit(rules_, Place(p, "receivers", q.receiving_role));
  const std::string& key =
      p.ceilings.contains(q.receiving_agency) ? q.receiving_agency : TypeOf(policy_, q.receiving_agency);
  Hit(rules_, Place(p, absl::StrCat("ceilings/", key), outcome.category));
  Hit(rules_, Place(p, absl::StrCat("products/", q.product), outcome.category));
}

void Coverage::SeeCategory(const policy::DecisionRequest& q, const policy::Profile& p,
                           const policy::CategoryOutcome& outcome) {
  const std::string in_matrix = absl::StrCat("profiles/", p.id, "/", outcome.category);
  if (!outcome.denied) SeeReleased(q, p, outcome);
  for (const policy::Reason& reason : outcome.reasons) {
    const std::string tail =
        reason.rule.substr(std::min(reason.rule.size(), absl::StrCat("profiles/", p.id, "/").size()));
    if (absl::StartsWith(tail, "overlays/")) Hit(rules_, tail);
    switch (reason.code) {
      case ReasonCode::kNecessary:
        if (reason.rule == in_matrix) Hit(rules_, Place(p, "necessary", outcome.category));
        break;
      case ReasonCode::kConditionMet:
        Hit(rules_, Place(p, "conditional", outcome.category));
        Hit(conditions_, Place(p, "conditional", absl::StrCat(outcome.category, " asserted")));
        break;
      case ReasonCode::kGroundNotAsserted:
        Hit(conditions_, Place(p, "conditional", absl::StrCat(outcome.category, " not asserted")));
        break;
      case ReasonCode::kConditionNotMet:
        Hit(conditions_, Place(p, "conditional", absl::StrCat(outcome.category, " of another age")));
        break;
      case ReasonCode::kCeilingReached:
        Hit(conditions_, Place(p, "ceilings", absl::StrCat(tail.substr(tail.find('/') + 1), " denies the rest")));
        break;
      case ReasonCode::kProductNotApt:
        Hit(conditions_, Place(p, "products", absl::StrCat(q.product, " for another age")));
        break;
      case ReasonCode::kPurposeNotPermitted:
        Hit(conditions_, Place(p, "purposes", "another purpose"));
        Hit(rules_, Place(p, "denied_purposes", q.purpose));
        break;
      case ReasonCode::kSenderNotPermitted:
        Hit(conditions_, Place(p, "senders", "another sender"));
        break;
      case ReasonCode::kRoleNotEntitled:
        Hit(conditions_, Place(p, "receivers", "another role"));
        break;
      case ReasonCode::kSubjectRestricted:
        Hit(conditions_, absl::StrCat(tail, " no exception"));
        break;
      case ReasonCode::kApprovalRequired:
        Hit(conditions_, absl::StrCat(tail, " exception claimed"));
        break;
      default:
        break;
    }
  }
}

void Coverage::SeeFlags(const policy::DecisionRequest& q, const policy::Profile& p) {
  if (!q.facts.has_value() || !q.facts->flags.has_value()) return;
  for (const std::string& flag : *q.facts->flags) {
    Hit(rules_, absl::StrCat("flags/", flag));
    Hit(rules_, Place(p, "blocked_flags", flag));
  }
}

void Coverage::SeeConsents(const policy::DecisionRequest& q, const policy::Decision& decision) {
  for (const policy::ConsentStep& step : policy_.consent_steps) {
    if (!policy::Binds(step, q)) continue;
    const std::string rule = absl::StrCat("consent_steps/", step.id);
    const bool missing = std::any_of(
        decision.categories.begin(), decision.categories.end(), [&](const policy::CategoryOutcome& outcome) {
          return std::any_of(outcome.reasons.begin(), outcome.reasons.end(),
                             [&](const policy::Reason& reason) { return reason.rule == rule; });
        });
    Hit(rules_, rule);
    Hit(conditions_, absl::StrCat(rule, missing ? " not given" : " given"));
  }
}

void Coverage::See(const policy::DecisionRequest& q, const policy::Decision& decision) {
  const auto found = policy_.profiles.find(q.profile);
  if (found == policy_.profiles.end()) return;
  const policy::Profile& p = found->second;
  for (const policy::CategoryOutcome& outcome : decision.categories) SeeCategory(q, p, outcome);
  for (const std::string& gateway : decision.gateways) Hit(rules_, Place(p, "gateways", gateway));
  SeeFlags(q, p);
  SeeConsents(q, decision);
}

}  // namespace derwent::cli
