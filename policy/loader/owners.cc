// Who appoints: a role of a board that nobody owns could be held by nobody.
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

// Roles that receive, agree, convene or are told under the profile.
std::set<std::string> RolesOf(const Profile& profile) {
  std::set<std::string> roles = profile.convenors;
  for (const auto& [role, scope] : profile.receivers) roles.insert({role, scope.approver});
  for (const auto& [category, conditional] : profile.conditional) roles.insert(conditional.approver);
  for (const auto& [receiver, ceiling] : profile.ceilings) {
    for (const auto& [category, approver] : ceiling.approve) roles.insert(approver);
  }
  for (const CompanionShare& companion : profile.companions) roles.insert(companion.role);
  roles.insert(profile.escalation_role);
  return roles;
}

// The board whose owner appoints to the role under the profile; empty: it is no such role, or is held for whatever
// board the question is asked for.
std::string BoardOf(const std::string& role, const Profile& profile, const Policy& policy) {
  const auto found = policy.board_roles.find(role);
  if (found == policy.board_roles.end()) return "";
  return found->second.empty() ? profile.board() : found->second;
}

}  // namespace

void CheckOwners(const Policy& policy, Problems& problems) {
  for (const auto& [id, profile] : policy.profiles) {
    for (const std::string& role : RolesOf(profile)) {
      const std::string board = BoardOf(role, profile, policy);
      const auto found = policy.profiles.find(board);
      if (board.empty() || (found != policy.profiles.end() && !found->second.owners.empty())) continue;
      problems.Error(absl::StrCat("profiles/", id, ".txtpb"), role, "owner",
                     absl::StrCat("nobody owns `", board, "`, so nobody can be appointed `", role, "`"),
                     absl::StrCat("name an agency in `owners` of profiles/", board, ".txtpb"));
    }
  }
}

}  // namespace derwent::policy
