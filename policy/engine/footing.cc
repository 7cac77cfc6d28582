#include "policy/engine/footing.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "policy/engine/emergency.h"

namespace derwent::policy {
namespace {

bool HoldsFor(const Footing& footing, const Evaluation& e, Side side) {
  const Organisation& party = side == Side::kGiver ? *e.holder : *e.receiver;
  const auto among = [](const std::set<std::string>& names, const std::string& name) {
    return names.empty() || names.contains(name);
  };
  return (footing.parties.contains(party.id) || footing.parties.contains(party.type)) &&
         (footing.side.empty() || footing.side == (side == Side::kGiver ? "GIVER" : "RECEIVER")) &&
         among(footing.purposes, e.request.purpose) && among(footing.subject_roles, e.request.subject_role) &&
         among(footing.products, e.request.product);
}

// The loader refuses two that hold for one party with one rank.
int Rank(const Footing& footing, const Organisation& party) {
  return (footing.parties.contains(party.id) ? 16 : 0) + (footing.products.empty() ? 0 : 8) +
         (footing.subject_roles.empty() ? 0 : 4) + (footing.purposes.empty() ? 0 : 2) + (footing.side.empty() ? 0 : 1);
}

// Conditions for the special-category and offence data that the decision lets out.
std::string ConditionsOf(const OrganisationType& rests_on, bool part_3, const Decision& decision,
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
  if (part_3) return sensitive ? rests_on.schedule_8_condition : "";
  std::string conditions = special ? rests_on.special_condition : "";
  if (offence) absl::StrAppend(&conditions, conditions.empty() ? "" : " ", rests_on.offence_condition);
  return conditions;
}

// By whose authority the data passes between Part 3 and UK GDPR: the first that the profile names of those relied on.
std::string TransitionOf(const Evaluation& e, const std::set<std::string>& relied_on) {
  for (const std::string& id : e.profile->transition_authorities) {
    if (relied_on.contains(id)) return id;
  }
  return "";
}

void RecordSide(const Evaluation& e, Side side, Decision& decision) {
  const std::string name = side == Side::kGiver ? "sender" : "recipient";
  const OrganisationType& type = side == Side::kGiver ? *e.holder_type : *e.receiver_type;
  OrganisationType rests_on = RestsOn(e, side);
  if (e.route == Route::kBreakGlass) {
    rests_on.basis = kEmergencyBasis;
    rests_on.special_condition = kEmergencyCondition;
    rests_on.schedule_8_condition = kEmergencySchedule8;
  }
  const bool part_3 = UnderPart3(*e.profile, type, e.purpose);
  decision.regimes[name] = part_3 ? "PART_3" : "UK_GDPR";
  decision.bases[name] = part_3 ? "le.35" : rests_on.basis;
  decision.conditions[name] = ConditionsOf(rests_on, part_3, decision, e.policy);
}

}  // namespace

OrganisationType RestsOn(const Evaluation& e, Side side) {
  const Organisation& party = side == Side::kGiver ? *e.holder : *e.receiver;
  OrganisationType rests_on = side == Side::kGiver ? *e.holder_type : *e.receiver_type;
  std::vector<std::pair<int, const Footing*>> footings;
  for (const Footing& footing : e.profile->footings) {
    if (HoldsFor(footing, e, side)) footings.emplace_back(Rank(footing, party), &footing);
  }
  std::sort(footings.begin(), footings.end());
  const auto take = [](const std::string& from, std::string& into) {
    if (!from.empty()) into = from;
  };
  for (const auto& [rank, footing] : footings) {
    take(footing->basis, rests_on.basis);
    take(footing->special_condition, rests_on.special_condition);
    take(footing->offence_condition, rests_on.offence_condition);
    take(footing->schedule_8_condition, rests_on.schedule_8_condition);
  }
  return rests_on;
}

void RecordFooting(const Evaluation& e, Decision& decision) {
  for (const CategoryOutcome& outcome : decision.categories) {
    const Category* const category = outcome.denied ? nullptr : e.policy.FindCategory(outcome.category);
    if (category == nullptr) continue;
    for (std::string& gateway : GatewaysFor(e, *category, outcome.form)) decision.gateways.insert(std::move(gateway));
  }
  RecordSide(e, Side::kGiver, decision);
  RecordSide(e, Side::kReceiver, decision);
  if (decision.regimes["sender"] == decision.regimes["recipient"]) return;
  const std::string authority = TransitionOf(e, decision.gateways);
  if (!authority.empty()) decision.regimes["transition"] = authority;
}

}  // namespace derwent::policy
