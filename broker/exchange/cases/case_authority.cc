#include "broker/exchange/cases/case_authority.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace derwent::exchange {
namespace {

constexpr absl::string_view kSpoc = "spoc";

bool Holds(const Seat& seat, absl::string_view role, absl::string_view agency, absl::string_view person,
           const World& world, absl::Time now) {
  return HoldsToday(world, {.agency = agency, .person = person, .role = role, .board = seat.board, .area = seat.area},
                    now);
}

bool SomebodyConvenes(const Seat& seat, const std::string& agency, const World& world, absl::Time now) {
  const auto directory = world.directories.find(agency);
  return directory != world.directories.end() &&
         std::any_of(directory->second.people.begin(), directory->second.people.end(),
                     [&](const policy::DirectoryEntry& entry) {
                       return HoldsConvenorsRole(seat, agency, entry.id, world, now);
                     });
}

// Roles in which somebody may take part in a case of which no roles are named. Counts need no case.
std::vector<std::string> AskingRoles(const policy::Policy& policy) {
  std::vector<std::string> roles;
  for (const auto& [role, may] : policy.roles) {
    const bool asks = std::any_of(may.begin(), may.end(), [](const std::string& what) {
      return absl::StartsWith(what, "request_") && what != "request_aggregate";
    });
    if (asks) roles.push_back(role);
  }
  return roles;
}

bool TakesPart(const LoadedCase& loaded, const store::CaseMemberRow& member, const std::string& person,
               const World& world, absl::Time now) {
  if (!member.persons.empty())
    return std::find(member.persons.begin(), member.persons.end(), person) != member.persons.end();
  const Seat seat{.profile = loaded.row.profile, .board = loaded.row.board, .area = loaded.row.area};
  const std::vector<std::string> roles = member.roles.empty() ? AskingRoles(*world.bundle->policy) : member.roles;
  return std::any_of(roles.begin(), roles.end(),
                     [&](const std::string& role) { return Holds(seat, role, member.agency, person, world, now); });
}

}  // namespace

bool MaySeeCase(const LoadedCase& loaded, const Caller& caller, const World& world, absl::Time now) {
  const store::CaseMemberRow* const member = loaded.MemberOf(caller.agency());
  return member != nullptr && !loaded.Excludes(caller.agency(), caller.person()) &&
         (AuthorityOver(loaded, caller, world, now).of_agency ||
          TakesPart(loaded, *member, caller.person(), world, now));
}

bool HoldsConvenorsRole(const Seat& seat, absl::string_view agency, absl::string_view person, const World& world,
                        absl::Time now) {
  const auto profile = world.bundle->policy->profiles.find(seat.profile);
  return profile != world.bundle->policy->profiles.end() &&
         std::any_of(profile->second.convenors.begin(), profile->second.convenors.end(), [&](const std::string& role) {
           return role != kThematicLead && Holds(seat, role, agency, person, world, now);
         });
}

CaseAuthority AuthorityOver(const LoadedCase& loaded, const Caller& caller, const World& world, absl::Time now) {
  const Seat seat{.profile = loaded.row.profile, .board = loaded.row.board, .area = loaded.row.area};
  const bool convenor = HoldsConvenorsRole(seat, caller.agency(), caller.person(), world, now);
  const bool spoc = Holds(seat, kSpoc, caller.agency(), caller.person(), world, now);
  CaseAuthority authority;
  authority.convenes = loaded.row.convenor_agency == caller.agency() &&
                       (convenor || (spoc && !SomebodyConvenes(seat, caller.agency(), world, now)));
  authority.of_process = convenor || authority.convenes;
  authority.of_agency = authority.of_process || spoc;
  return authority;
}

}  // namespace derwent::exchange
