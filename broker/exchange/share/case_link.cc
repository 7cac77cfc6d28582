#include "broker/exchange/share/case_link.h"

#include <algorithm>

#include "absl/strings/match.h"

#include "policy/engine/agreements.h"
#include "policy/loader/asked_route.h"
#include "policy/loader/emergency.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

bool EmptyOrHas(const std::vector<std::string>& list, const std::string& item) {
  return list.empty() || std::find(list.begin(), list.end(), item) != list.end();
}

bool Fits(const store::CaseRow& row, const v1::Manifest& m, const policy::Policy& policy) {
  const auto profile = policy.profiles.find(m.profile());
  if (profile == policy.profiles.end() || m.area().empty()) return false;
  const bool of_board = profile->second.kind == "board_and_case" && !row.board.empty() && row.board == m.board();
  const bool of_profile = row.profile == m.profile() && (row.board.empty() || row.board == m.board());
  return (of_board || of_profile) && policy.AreaWithin(m.area(), row.area);
}

}  // namespace

const store::CaseMemberRow* LoadedCase::MemberOf(absl::string_view agency) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const store::CaseMemberRow& member) { return member.agency == agency; });
  return found == members.end() ? nullptr : &*found;
}

bool LoadedCase::Excludes(absl::string_view agency, absl::string_view person) const {
  return std::any_of(exclusions.begin(), exclusions.end(),
                     [&](const store::CaseExclusionRow& row) { return row.agency == agency && row.person == person; });
}

absl::StatusOr<std::optional<LoadedCase>> LoadCase(const std::string& case_id, store::Reader& reader) {
  ASSIGN_OR_RETURN(std::optional<store::CaseRow> row, reader.FindCase(case_id));
  if (!row.has_value()) return std::optional<LoadedCase>();
  LoadedCase loaded{.row = *std::move(row), .members = {}, .exclusions = {}};
  ASSIGN_OR_RETURN(loaded.members, reader.CaseMembers(case_id));
  ASSIGN_OR_RETURN(loaded.exclusions, reader.CaseExclusions(case_id));
  return std::optional<LoadedCase>(std::move(loaded));
}

bool HoldsToday(const World& world, const policy::RoleSought& sought, absl::Time now) {
  return !sought.person.empty() && policy::RoleHeld(world.snapshot(), sought, LondonDay(now));
}

namespace {

// Whether a role may ask for case data or counts, or on the route of emergencies.
bool MayRequest(const policy::Policy& policy, const std::string& role, const std::string& purpose) {
  const auto may = policy.roles.find(role);
  if (policy::IsEmergency(purpose)) return may != policy.roles.end() && may->second.contains("break_glass");
  return may != policy.roles.end() && std::any_of(may->second.begin(), may->second.end(), [](const std::string& what) {
           return absl::StartsWith(what, "request_");
         });
}

bool OwnBoard(const v1::Manifest& selector, const policy::Policy& policy) {
  const auto profile = policy.profiles.find(selector.profile());
  const bool of_board = profile != policy.profiles.end() && profile->second.kind != "process";
  return !of_board || !policy.board_roles.contains(selector.question().role()) ||
         selector.board() == selector.profile();
}

}  // namespace

Asker AskerOf(const v1::Manifest& selector) {
  return {.agency = selector.sender_agency(),
          .person = selector.question().acting_person(),
          .role = selector.question().role()};
}

bool MayAsk(const v1::Manifest& selector, const World& world, absl::Time now) {
  const Asker asker = AskerOf(selector);
  const policy::Policy& policy = *world.bundle->policy;
  return MayRequest(policy, asker.role, selector.purpose()) && OwnBoard(selector, policy) &&
         HoldsToday(world,
                    {.agency = asker.agency,
                     .person = asker.person,
                     .role = asker.role,
                     .board = policy::AskedBoard(selector.board(), selector.profile()),
                     .area = selector.area()},
                    now);
}

absl::StatusOr<policy::CaseLink> CaseLinkOf(const v1::Manifest& selector, const World& world, store::Reader& reader) {
  if (selector.case_id().empty()) return policy::CaseLink::kNone;
  ASSIGN_OR_RETURN(const std::optional<LoadedCase> loaded, LoadCase(selector.case_id(), reader));
  if (!loaded.has_value() || !loaded->open() || !Fits(loaded->row, selector, *world.bundle->policy))
    return policy::CaseLink::kNone;
  const Asker asker = AskerOf(selector);
  const store::CaseMemberRow* const member = loaded->MemberOf(asker.agency);
  const bool takes_part = member != nullptr && EmptyOrHas(member->roles, asker.role) &&
                          EmptyOrHas(member->persons, asker.person) && !loaded->Excludes(asker.agency, asker.person);
  return takes_part ? policy::CaseLink::kVerified : policy::CaseLink::kNone;
}

}  // namespace derwent::exchange
