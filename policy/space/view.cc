#include "policy/space/view.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace derwent::policy {
namespace {

bool Names(const std::vector<std::string>& list, const Organisation& organisation) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
    return name == "*" || name == organisation.id || name == organisation.type;
  });
}

void StatedBy(const OrganisationType& type, std::string& view) {
  absl::StrAppend(&view, type.basis.empty() ? "-" : "b", type.special_condition.empty() ? "-" : "s",
                  type.offence_condition.empty() ? "-" : "o");
}

// Whether it matters which regime a side acts under: some gateway of the profile is no authority to pass from one to
// the other.
bool RegimesMatter(const Policy& policy, const Profile& profile) {
  const std::vector<std::string>& named = profile.transition_authorities;
  return std::any_of(profile.gateways.begin(), profile.gateways.end(), [&](const std::string& id) {
    return policy.gateways.at(id).StandsAlone() && std::find(named.begin(), named.end(), id) == named.end();
  });
}

void Gateways(const Policy& policy, const Profile& profile, const Organisation& giver, const Organisation& receiver,
              std::string& view) {
  for (const std::string& id : profile.gateways) {
    const Gateway& gateway = policy.gateways.at(id);
    if (!gateway.StandsAlone()) continue;
    absl::StrAppend(&view, Names(gateway.from, giver) && Names(gateway.to, receiver) ? "g" : "-",
                    gateway.excludes_sender.contains(giver.type) ? "x" : "");
  }
}

void Agreements(const Policy& policy, const Profile& profile, const std::string& giver, const std::string& receiver,
                absl::CivilDay day, std::string& view) {
  for (const Agreement& agreement : policy.agreements) {
    if (!agreement.profiles.contains(profile.id) || !agreement.Binds(giver, receiver)) continue;
    const bool stopped = std::any_of(agreement.notices.begin(), agreement.notices.end(), [&](const Notice& notice) {
      return notice.from <= day && (notice.removes.empty() || notice.removes == giver || notice.removes == receiver);
    });
    const bool both = agreement.signed_by.contains(giver) && agreement.signed_by.contains(receiver);
    absl::StrAppend(&view, " ", agreement.id, stopped ? "!" : "", both ? "" : "?");
  }
}

// Both, where the policy has both.
struct Sides {
  const Organisation* giver = nullptr;
  const Organisation* receiver = nullptr;
};

std::optional<Sides> FindSides(const Policy& policy, const std::string& giver, const std::string& receiver) {
  const auto first = policy.organisations.find(giver);
  const auto second = policy.organisations.find(receiver);
  if (first == policy.organisations.end() || second == policy.organisations.end()) return std::nullopt;
  return Sides{.giver = &first->second, .receiver = &second->second};
}

// What is read of the two whichever way the answer goes.
std::string ViewOfSides(const Policy& policy, const Profile& profile, const Sides& sides, absl::CivilDay day) {
  const OrganisationType& giver_type = policy.types.at(sides.giver->type);
  const OrganisationType& receiver_type = policy.types.at(sides.receiver->type);
  std::string view =
      absl::StrCat(sides.giver->id == sides.receiver->id ? "=" : "/", sides.giver->valid.Hold(day) ? "v" : "-",
                   sides.receiver->valid.Hold(day) ? "v" : "-");
  const auto named = profile.recipient_organisations.find(sides.receiver->id);
  if (named != profile.recipient_organisations.end()) absl::StrAppend(&view, named->second ? "p" : "n");
  StatedBy(giver_type, view);
  StatedBy(receiver_type, view);
  if (RegimesMatter(policy, profile)) {
    absl::StrAppend(&view, (giver_type.schedule_7 == "true") == (receiver_type.schedule_7 == "true") ? "" : "r");
    for (const Footing& footing : profile.footings) {
      if (footing.uk_gdpr)
        absl::StrAppend(&view, footing.parties.contains(giver_type.id) ? "u" : "-",
                        footing.parties.contains(receiver_type.id) ? "u" : "-");
    }
  }
  for (const std::string& key : {sides.receiver->id, receiver_type.id}) {
    if (!profile.ceilings.contains(key)) continue;
    absl::StrAppend(&view, " <", key);
    break;
  }
  for (const ConsentStep& step : policy.consent_steps) {
    if (step.receiver == sides.receiver->id) absl::StrAppend(&view, " c", step.id);
  }
  Agreements(policy, profile, sides.giver->id, sides.receiver->id, day, view);
  return view;
}

}  // namespace

std::string ViewOfParties(const Policy& policy, const Profile& profile, const std::string& giver,
                          const std::string& receiver, absl::CivilDay day) {
  const std::optional<Sides> sides = FindSides(policy, giver, receiver);
  if (!sides.has_value()) return "absent";
  std::string view = profile.senders.contains(sides->giver->type) ? "s" : "-";
  Gateways(policy, profile, *sides->giver, *sides->receiver, view);
  return absl::StrCat(view, ViewOfSides(policy, profile, *sides, day));
}

std::string ViewOfToldParties(const Policy& policy, const Profile& profile, const std::string& asker,
                              const std::string& answerer, absl::CivilDay day) {
  const std::optional<Sides> sides = FindSides(policy, asker, answerer);
  if (!sides.has_value() || !profile.senders.contains(sides->receiver->type)) return "";
  std::string gateways;
  bool told = false;
  for (const std::string& id : profile.gateways) {
    const Gateway& gateway = policy.gateways.at(id);
    if (!gateway.tells_whom) continue;
    const bool tells = Names(gateway.from, *sides->receiver) && Names(gateway.to, *sides->giver) &&
                       !gateway.excludes_sender.contains(sides->receiver->type);
    told = told || tells;
    gateways.push_back(tells ? 'w' : '-');
  }
  return told ? absl::StrCat(gateways, ViewOfSides(policy, profile, *sides, day)) : "";
}

std::string ViewOfRole(const Policy& policy, const Profile& profile, const std::string& role, absl::CivilDay day) {
  const auto may = policy.roles.find(role);
  if (may == policy.roles.end() || !policy.RoleOn(role, day)) return "absent";
  std::string view =
      absl::StrCat(may->second.contains("audit_own") ? "a" : "-", may->second.contains("handle_rights") ? "r" : "-",
                   role == "duty_officer" ? "d" : "-");
  const auto scope = profile.receivers.find(role);
  if (scope == profile.receivers.end()) return view;
  const ReceiverScope& s = scope->second;
  absl::StrAppend(&view, s.case_scope ? " case" : " only ", absl::StrJoin(s.categories, ","),
                  s.necessary_with_open_case ? absl::StrCat(" open ", s.approver) : "");
  return view;
}

std::string ViewOfPurpose(const Policy& policy, const Profile& profile, const std::string& purpose,
                          absl::CivilDay day) {
  const auto found = policy.purposes.find(purpose);
  if (found == policy.purposes.end() || !found->second.valid.Hold(day)) return "absent";
  for (const char* special : {"audit.dpo", "rights.subject", "emergency.vital", "oversight.scrutiny"}) {
    if (purpose == special) return absl::StrCat(purpose, profile.purposes.contains(purpose) ? " served" : "");
  }
  const bool served =
      profile.purposes.contains(purpose) && !profile.denied_purposes.contains(purpose) && !found->second.excluded;
  const bool regimes = RegimesMatter(policy, profile) && found->second.law_enforcement != "false";
  return absl::StrCat(
      served ? "served" : "refused", regimes ? " enforcing" : "",
      absl::StartsWith(purpose, "strategy.") || absl::StartsWith(purpose, "oversight.") ? " depersonalised" : "");
}

std::string ViewOfArea(const Policy& policy, const Profile& profile, const std::string& area, absl::CivilDay day) {
  if (!policy.areas.contains(area)) return "absent";
  std::string view = policy.AreaOn(area, day) ? "" : "gone";
  for (const Agreement& agreement : policy.agreements) {
    if (!agreement.profiles.contains(profile.id)) continue;
    const bool covers = std::any_of(agreement.areas.begin(), agreement.areas.end(), [&](const std::string& whole) {
      return policy.AreaOn(whole, day) && policy.AreaWithin(area, whole);
    });
    absl::StrAppend(&view, covers ? "c" : "-");
  }
  return view;
}

}  // namespace derwent::policy
