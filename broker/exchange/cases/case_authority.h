#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/share/case_link.h"

namespace derwent::exchange {

// What a person may change of a case. A role that asks within a case, or none that works cases, administers nothing.
struct CaseAuthority {
  // Adds and removes members, says which roles take part, closes: at the convenor's agency, who holds a convenor's role
  // of the profile; its SPOC where nobody there holds one, for an accepted referral may open a case anywhere.
  bool convenes = false;
  // Excludes persons of other members too: who convenes, or holds a convenor's role of the profile at a member.
  bool of_process = false;
  // Names, excludes and readmits persons of the own agency: as above, or its SPOC.
  bool of_agency = false;
};
// For the case's board and area, today. A pure function of the world and the case.
CaseAuthority AuthorityOver(const LoadedCase& loaded, const Caller& caller, const World& world, absl::Time now);

// Whether a person may see a case of its agency: whom nobody excluded, and who administers it or takes part: is named
// in it, or, where nobody is, holds today one of its roles, or any that asks for case data where it has none.
bool MaySeeCase(const LoadedCase& loaded, const Caller& caller, const World& world, absl::Time now);

// Where a case would be convened.
struct Seat {
  std::string profile;
  std::string board;
  std::string area;
};
// Whether the person holds, today, a role that the profile names as convenor. Never a thematic lead.
bool HoldsConvenorsRole(const Seat& seat, absl::string_view agency, absl::string_view person, const World& world,
                        absl::Time now);

inline constexpr absl::string_view kThematicLead = "thematic_lead";

}  // namespace derwent::exchange
