// What can never happen, and what lacks its footing, once the whole policy is known.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

// Whether a gateway's list names `type`, or the one organisation.
bool Names(const std::vector<std::string>& list, const Organisation& organisation) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
    return name == "*" || name == organisation.type || name == organisation.id;
  });
}

// Whether `gateway` lets some other organisation have something from `sender`. A gateway that is not commenced may
// still come.
bool Serves(const Gateway& gateway, const Organisation& sender, const Policy& policy) {
  if (!gateway.StandsAlone() || gateway.excludes_sender.contains(sender.type) || !Names(gateway.from, sender))
    return false;
  return std::any_of(policy.organisations.begin(), policy.organisations.end(),
                     [&](const auto& entry) { return entry.first != sender.id && Names(gateway.to, entry.second); });
}

// Organisations of the types that a profile names as senders, by type.
std::map<std::string, std::vector<const Organisation*>> SendersOf(const Profile& profile, const Policy& policy) {
  std::map<std::string, std::vector<const Organisation*>> senders;
  for (const std::string& type : profile.senders) senders[type];
  for (const auto& [id, organisation] : policy.organisations) {
    if (const auto type = senders.find(organisation.type); type != senders.end()) type->second.push_back(&organisation);
  }
  return senders;
}

void WarnOfDead(const Profile& profile, const Policy& policy, Problems& problems) {
  const std::string file = absl::StrCat("profiles/", profile.id, ".txtpb");
  const auto senders = SendersOf(profile, policy);
  std::set<std::string> live_gateways;
  for (const auto& [type, organisations] : senders) {
    bool live = organisations.empty();  // A type without an agency yet sends nothing and harms nothing.
    for (const Organisation* sender : organisations) {
      for (const std::string& id : profile.gateways) {
        if (!Serves(policy.gateways.at(id), *sender, policy)) continue;
        live = true;
        live_gateways.insert(id);
      }
    }
    if (!live)
      problems.Warn(Severity::kWarning, file, type, "dead-sender",
                    absl::StrCat("no gateway of the profile lets `", type, "` send anything"),
                    "name a gateway that does, or remove the sender");
  }
  for (const std::string& id : profile.gateways) {
    if (!policy.gateways.at(id).StandsAlone() || live_gateways.contains(id)) continue;
    problems.Warn(
        Severity::kWarning, file, id, "dead-gateway",
        absl::StrCat("`", id, "` carries nothing: it names none of the profile's senders, or nobody to receive"),
        "remove it, or name a sender it serves");
  }
}

// Whether `wide` is in force somewhere in `narrow`'s areas for a profile of its.
bool Overlap(const Agreement& narrow, const Agreement& wide, const Policy& policy) {
  const bool profile = std::any_of(narrow.profiles.begin(), narrow.profiles.end(),
                                   [&](const std::string& id) { return wide.profiles.contains(id); });
  return profile && std::any_of(narrow.areas.begin(), narrow.areas.end(), [&](const std::string& area) {
           return std::any_of(wide.areas.begin(), wide.areas.end(),
                              [&](const std::string& whole) { return policy.AreaWithin(area, whole); });
         });
}

// An overlay binds shares between its agreement's own parties: whom it leaves out shares under the wider agreement.
void WarnOfGaps(const Agreement& agreement, const Policy& policy, Problems& problems) {
  if (agreement.overlays.empty()) return;
  for (const Agreement& wide : policy.agreements) {
    if (wide.id == agreement.id || !Overlap(agreement, wide, policy)) continue;
    std::vector<std::string> unbound;
    std::set_difference(wide.parties.begin(), wide.parties.end(), agreement.parties.begin(), agreement.parties.end(),
                        std::back_inserter(unbound));
    if (unbound.empty()) continue;
    problems.Warn(Severity::kWarning, absl::StrCat("agreements/", agreement.id, ".txtpb"),
                  agreement.overlays.front().first, "overlay-gap",
                  absl::StrCat("its overlays do not bind `", absl::StrJoin(unbound, "`, `"),
                               "`, which share there under `", wide.id, "`"),
                  "make them parties of this one too");
  }
}

// Whether both are in force on some day, between some two parties.
bool BindTogether(const Agreement& a, const Agreement& b) {
  std::vector<std::string> both;
  std::set_intersection(a.parties.begin(), a.parties.end(), b.parties.begin(), b.parties.end(),
                        std::back_inserter(both));
  return both.size() >= 2 && a.effective.first <= b.effective.last && b.effective.first <= a.effective.last;
}

// What two agreements leave of a category at once, in forms with nothing in common, is never released: whoever wrote
// the later one meant something.
void RefuseApart(const Agreement& agreement, const Policy& policy, Problems& problems) {
  for (const Agreement& other : policy.agreements) {
    if (other.id >= agreement.id || !BindTogether(agreement, other)) continue;
    if (!Overlap(agreement, other, policy) && !Overlap(other, agreement, policy)) continue;
    for (const auto& [category, form] : agreement.overlays) {
      for (const auto& [same, beside] : other.overlays) {
        if (same != category || !form.has_value() || !beside.has_value()) continue;
        if (policy.categories.at(category).Meet(*form, *beside).has_value()) continue;
        problems.Error(absl::StrCat("agreements/", agreement.id, ".txtpb"), category, "impossible",
                       absl::StrCat("`", category, "` as `", FormName(*form), "` here and as `", FormName(*beside),
                                    "` under `", other.id, "` is never released"),
                       "name forms that meet, or deny");
      }
    }
  }
}

// Domain decision 13: what lifts confidence is recorded. What is owed confidence and waits for nobody, under gateways
// of which none lifts confidence, hangs on a consent or on a ground that the giver records by itself.
void WarnOfConfidence(const Profile& profile, const Policy& policy, Problems& problems) {
  const auto lifted = [&](const std::string& category) {
    return std::any_of(profile.gateways.begin(), profile.gateways.end(), [&](const std::string& id) {
      const Gateway& gateway = policy.gateways.at(id);
      return gateway.StandsAlone() && gateway.lifts_confidence && !gateway.excludes_categories.Matches(category);
    });
  };
  const auto warn = [&](const std::string& category) {
    const Category* const known = policy.FindCategory(category);
    if (known == nullptr || !known->confidential || lifted(category)) return;
    problems.Warn(Severity::kWarning, absl::StrCat("profiles/", profile.id, ".txtpb"), category, "confidence",
                  absl::StrCat("`", category, "` waits for nobody, and no gateway here lifts confidence: without a ",
                               "consent the giver records a ground for each item"),
                  "name an approver, whose ground is on record, or confirm");
  };
  for (const std::string& category : profile.necessary) warn(category);
  for (const auto& [category, conditional] : profile.conditional) {
    if (conditional.approver.empty() && conditional.form != Form::kAggregate) warn(category);
  }
}

// What special-category and offence data a profile can let out at all.
struct Sensitive {
  bool special = false;
  bool offence = false;
};

Sensitive SensitiveIn(const Profile& profile, const Policy& policy) {
  Sensitive found;
  for (const auto& [id, category] : policy.categories) {
    if (!profile.necessary.contains(id) && !profile.conditional.contains(id)) continue;
    found.special = found.special || category.special;
    found.offence = found.offence || category.offence;
  }
  return found;
}

// UK GDPR Articles 9 and 10: whoever may give or receive such data under an agreement names its condition.
void RequireConditions(const Policy& policy, Problems& problems) {
  std::set<std::string> special;
  std::set<std::string> offence;
  for (const Agreement& agreement : policy.agreements) {
    Sensitive adopted;
    for (const std::string& id : agreement.profiles) {
      const Sensitive found = SensitiveIn(policy.profiles.at(id), policy);
      adopted = {.special = adopted.special || found.special, .offence = adopted.offence || found.offence};
    }
    for (const std::string& party : agreement.parties) {
      const OrganisationType& type = policy.types.at(policy.organisations.at(party).type);
      if (adopted.special && type.special_condition.empty()) special.insert(type.id);
      if (adopted.offence && type.offence_condition.empty()) offence.insert(type.id);
    }
  }
  for (const std::string& type : special) {
    problems.Error("organisations.txtpb", type, "article-9",
                   absl::StrCat("`", type, "` shares special-category data and names no condition"),
                   "set special_condition");
  }
  for (const std::string& type : offence) {
    problems.Error("organisations.txtpb", type, "article-10",
                   absl::StrCat("`", type, "` shares offence data and names no condition"), "set offence_condition");
  }
}

}  // namespace

void CheckReach(const Policy& policy, Problems& problems) {
  std::set<std::string> ids;
  for (const auto& [id, profile] : policy.profiles) ids.insert(id);
  for (const std::string& id : ids) {
    WarnOfDead(policy.profiles.at(id), policy, problems);
    WarnOfConfidence(policy.profiles.at(id), policy, problems);
    WarnOfDeadRules(policy.profiles.at(id), problems);
  }
  for (const Agreement& agreement : policy.agreements) {
    WarnOfGaps(agreement, policy, problems);
    RefuseApart(agreement, policy, problems);
  }
  RequireConditions(policy, problems);
}

}  // namespace derwent::policy
