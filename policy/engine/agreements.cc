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

namespace {

bool CoversSought(const std::set<std::string>& areas, const RoleSought& sought, const Policy& policy,
                  absl::CivilDay day) {
  return sought.area.empty() || Covers(areas, sought.area, policy, day);
}

// Whether an owner of the board, for the area, has appointed the person to the role.
bool Appointed(const Snapshot& snapshot, const RoleSought& sought, const std::string& person, const std::string& board,
               absl::CivilDay day) {
  const auto profile = snapshot.policy->profiles.find(board);
  if (profile == snapshot.policy->profiles.end()) return false;
  return std::any_of(profile->second.owners.begin(), profile->second.owners.end(), [&](const auto& owner) {
    const auto directory = snapshot.directories->find(owner.first);
    if (directory == snapshot.directories->end() || !CoversSought(owner.second, sought, *snapshot.policy, day))
      return false;
    const std::vector<Appointment>& made = directory->second.appointments;
    return std::any_of(made.begin(), made.end(), [&](const Appointment& appointment) {
      const RoleHolding& holding = appointment.holding;
      return appointment.agency == sought.agency && appointment.person == person && holding.role == sought.role &&
             holding.boards.contains(board) && holding.valid.Hold(day) &&
             CoversSought(holding.areas, sought, *snapshot.policy, day);
    });
  });
}

// Whether the holding, of a role that boards appoint to, counts for the panel or board.
bool HeldForBoard(const Snapshot& snapshot, const RoleSought& sought, const std::string& person,
                  const RoleHolding& holding, const std::string& panel, absl::CivilDay day) {
  const std::string board = panel.empty() ? std::string(sought.board) : panel;
  return std::any_of(holding.boards.begin(), holding.boards.end(), [&](const std::string& held) {
    return (board.empty() || held == board) && Appointed(snapshot, sought, person, held, day);
  });
}

}  // namespace

bool RoleHeld(const Snapshot& snapshot, const RoleSought& sought, absl::CivilDay day) {
  const Policy& policy = *snapshot.policy;
  const std::string role(sought.role);
  if (!policy.RoleOn(role, day)) return false;
  if (snapshot.directories == nullptr) return true;
  const auto directory = snapshot.directories->find(std::string(sought.agency));
  if (directory == snapshot.directories->end()) return false;
  const auto of_board = policy.board_roles.find(role);
  const std::vector<DirectoryEntry>& people = directory->second.people;
  return std::any_of(people.begin(), people.end(), [&](const DirectoryEntry& entry) {
    const bool trained = entry.training_until.has_value() && *entry.training_until >= day;
    if (!trained || (!sought.person.empty() && entry.id != sought.person)) return false;
    return std::any_of(entry.roles.begin(), entry.roles.end(), [&](const RoleHolding& holding) {
      return holding.role == role && holding.valid.Hold(day) && CoversSought(holding.areas, sought, policy, day) &&
             (of_board == policy.board_roles.end() ||
              HeldForBoard(snapshot, sought, entry.id, holding, of_board->second, day));
    });
  });
}

bool IsRoleOf(const Policy& policy, const std::string& role, absl::string_view board) {
  const auto found = policy.board_roles.find(role);
  return found != policy.board_roles.end() && (found->second.empty() || found->second == board);
}

}  // namespace derwent::policy
