#include "policy/engine/agreements.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"

namespace derwent::policy {
namespace {

// An area that is not there on the day is covered by nothing, and covers nothing.
bool Covers(const std::set<std::string>& areas, absl::string_view area, const Policy& policy, absl::CivilDay day) {
  return policy.AreaOn(area, day) && std::any_of(areas.begin(), areas.end(), [&](const std::string& whole) {
           return policy.AreaOn(whole, day) && policy.AreaWithin(area, whole);
         });
}

bool Stopped(const Agreement& agreement, const DecisionRequest& q, absl::CivilDay day) {
  return std::any_of(agreement.notices.begin(), agreement.notices.end(), [&](const Notice& notice) {
    const bool concerns =
        notice.removes.empty() || notice.removes == q.releasing_agency || notice.removes == q.receiving_agency;
    return notice.from <= day && concerns;
  });
}

// Why the agreement does not count; nullopt: it does.
std::optional<ReasonCode> Missing(const Agreement& agreement, const DecisionRequest& q, const Snapshot& snapshot,
                                  absl::CivilDay day) {
  if (!agreement.effective.Hold(day) || Stopped(agreement, q, day)) return ReasonCode::kAgreementNotInForce;
  if (!Covers(agreement.areas, q.area, *snapshot.policy, day)) return ReasonCode::kAreaNotCovered;
  const bool both =
      agreement.signed_by.contains(q.releasing_agency) && agreement.signed_by.contains(q.receiving_agency);
  if (!both && !snapshot.take_agreements_as_signed) return ReasonCode::kAgreementNotSigned;
  return std::nullopt;
}

}  // namespace

AgreementsFound FindAgreements(const DecisionRequest& request, const Snapshot& snapshot, absl::CivilDay day) {
  AgreementsFound found;
  std::set<ReasonCode> missing;
  for (const Agreement& agreement : snapshot.policy->agreements) {
    if (!agreement.profiles.contains(request.profile) ||
        !agreement.Binds(request.releasing_agency, request.receiving_agency))
      continue;
    const std::optional<ReasonCode> why = Missing(agreement, request, snapshot, day);
    if (why.has_value())
      missing.insert(*why);
    else
      found.in_force.push_back(&agreement);
  }
  std::sort(found.in_force.begin(), found.in_force.end(),
            [](const Agreement* a, const Agreement* b) { return a->id < b->id; });
  if (!found.in_force.empty()) return found;
  if (missing.empty()) missing.insert(ReasonCode::kAgreementNotInForce);
  // An agreement of another district says nothing where one covers the area and only waits for a signature.
  if (missing.contains(ReasonCode::kAgreementNotSigned)) missing.erase(ReasonCode::kAreaNotCovered);
  for (const ReasonCode code : missing)
    found.reasons.push_back({.code = code, .rule = absl::StrCat("agreements/", request.profile)});
  return found;
}

bool RoleHeld(const Snapshot& snapshot, const RoleSought& sought, absl::CivilDay day) {
  if (!snapshot.policy->RoleOn(std::string(sought.role), day)) return false;
  if (snapshot.directories == nullptr) return true;
  const auto directory = snapshot.directories->find(std::string(sought.agency));
  if (directory == snapshot.directories->end()) return false;
  return std::any_of(directory->second.begin(), directory->second.end(), [&](const DirectoryEntry& entry) {
    const bool trained = entry.training_until.has_value() && *entry.training_until >= day;
    if (!trained || (!sought.person.empty() && entry.id != sought.person)) return false;
    return std::any_of(entry.roles.begin(), entry.roles.end(), [&](const RoleHolding& holding) {
      return holding.role == sought.role && holding.valid.Hold(day) &&
             (sought.board.empty() || holding.boards.contains(std::string(sought.board))) &&
             (sought.area.empty() || Covers(holding.areas, sought.area, *snapshot.policy, day));
    });
  });
}

}  // namespace derwent::policy
