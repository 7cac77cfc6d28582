#include <algorithm>

#include "policy/engine/evaluation.h"

namespace derwent::policy {
namespace {

bool Names(const std::vector<std::string>& list, const Organisation& organisation) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
    return name == "*" || name == organisation.id || name == organisation.type;
  });
}

bool InForce(const Gateway& gateway, absl::CivilDay day) {
  if (gateway.effective_to < day || (gateway.needs_commencement && !gateway.effective_from.has_value())) return false;
  return gateway.effective_from.value_or(absl::CivilDay::min()) <= day;
}

// What only the holder knows: open at the broker, a doubt at the holder.
bool FlagsSpare(const Gateway& gateway, const std::optional<SubjectFacts>& facts) {
  if (!facts.has_value() || gateway.excludes_flags.empty()) return true;
  return facts->flags.has_value() &&
         std::none_of(facts->flags->begin(), facts->flags->end(),
                      [&](const std::string& flag) { return gateway.excludes_flags.contains(flag); });
}

// Domain decision 30. Inside one agency (an audit) nothing passes from one to another, so that givers and receivers do
// not matter.
bool Carries(const Evaluation& e, const Gateway& gateway, const Category& category, Form form) {
  if (!gateway.StandsAlone() || !InForce(gateway, e.day)) return false;
  // Brief H: without an agreement only what the law compels, on the paper that says so.
  if (e.compelled() && !gateway.Compels()) return false;
  if (e.says_whom() && !gateway.tells_whom) return false;
  const Organisation& asker = e.says_whom() ? *e.holder : *e.receiver;
  if (!e.inside_route() && (!Names(gateway.from, *e.answerer()) || !Names(gateway.to, asker))) return false;
  if (gateway.excludes_sender.contains(e.answerer()->type) || gateway.excludes_categories.Matches(category.id))
    return false;
  if (!gateway.excludes_content.patterns.empty() && category.may_hold_health) return false;
  if (gateway.depersonalised_only && category.id != "aggregate" && form != Form::kAggregate) return false;
  return FlagsSpare(gateway, e.request.facts);
}

}  // namespace

bool UnderPart3(const Profile& profile, const OrganisationType& type, const Purpose* purpose) {
  if (type.schedule_7 != "true" || purpose == nullptr || purpose->law_enforcement == "false") return false;
  if (purpose->law_enforcement == "true") return true;
  return std::none_of(profile.footings.begin(), profile.footings.end(), [&](const Footing& footing) {
    return footing.uk_gdpr && footing.parties.contains(type.id) &&
           (footing.purposes.empty() || footing.purposes.contains(purpose->id));
  });
}

bool RegimesDiffer(const Evaluation& e) {
  return UnderPart3(*e.profile, *e.holder_type, e.purpose) != UnderPart3(*e.profile, *e.receiver_type, e.purpose);
}

std::vector<std::string> GatewaysFor(const Evaluation& e, const Category& category, Form form) {
  std::vector<std::string> found;
  for (const std::string& id : e.profile->gateways) {
    const auto gateway = e.policy.gateways.find(id);
    if (gateway != e.policy.gateways.end() && Carries(e, gateway->second, category, form)) found.push_back(id);
  }
  return found;
}

}  // namespace derwent::policy
