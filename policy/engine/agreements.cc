#include "policy/engine/agreements.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace derwent::policy {
namespace {

bool Covers(const std::set<std::string>& areas, absl::string_view area, const Policy& policy) {
  return area.empty() || std::any_of(areas.begin(), areas.end(), [&](const std::string& whole) { return policy.AreaWithin(area, whole); });
}

bool Ended(const Agreement& agreement, absl::CivilDay day) {
  return std::any_of(agreement.notices.begin(), agreement.notices.end(), [&](const Notice& notice) { return notice.from <= day; });
}

}  // namespace

AgreementFound FindAgreement(const DecisionRequest& request, const Snapshot& snapshot, absl::CivilDay day) {
  AgreementFound found;
  const std::string rule = absl::StrCat("agreements/", request.profile);
  ReasonCode nearest = ReasonCode::kAgreementNotInForce;
  for (const Agreement& agreement : snapshot.policy->agreements) {
    if (!agreement.profiles.contains(request.profile) || !agreement.parties.contains(request.releasing_agency) ||
        !agreement.parties.contains(request.receiving_agency)) {
      continue;
    }
    if (!agreement.effective.Hold(day) || Ended(agreement, day)) continue;
    if (!Covers(agreement.areas, request.area, *snapshot.policy)) {
      nearest = ReasonCode::kAreaNotCovered;
      continue;
    }
    if (!snapshot.take_agreements_as_signed &&
        (!agreement.signed_by.contains(request.releasing_agency) || !agreement.signed_by.contains(request.receiving_agency))) {
      nearest = ReasonCode::kAgreementNotSigned;
      continue;
    }
    found.agreement = &agreement;
    return found;
  }
  found.reasons.push_back({.code = nearest, .rule = rule});
  return found;
}

bool RoleHeld(const Snapshot& snapshot, absl::string_view agency, absl::string_view person, absl::string_view role,
              absl::string_view board, absl::string_view area, absl::CivilDay day) {
  if (snapshot.directories == nullptr) return true;
  const auto directory = snapshot.directories->find(std::string(agency));
  if (directory == snapshot.directories->end()) return false;
  return std::any_of(directory->second.begin(), directory->second.end(), [&](const DirectoryEntry& entry) {
    if ((!person.empty() && entry.id != person) || !entry.training_until.has_value() || *entry.training_until < day) return false;
    return std::any_of(entry.roles.begin(), entry.roles.end(), [&](const RoleHolding& holding) {
      return holding.role == role && holding.valid.Hold(day) && (board.empty() || holding.boards.contains(std::string(board))) &&
             Covers(holding.areas, area, *snapshot.policy);
    });
  });
}

}  // namespace derwent::policy
