#pragma once

#include <string>
#include <vector>

#include "policy/engine/model.h"
#include "policy/engine/reason.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// The agreements a question rests on, by id, or why there is none.
struct AgreementsFound {
  std::vector<const Agreement*> in_force;
  std::vector<Reason> reasons;  // Empty when one is in force.
};

// Agreements of both agencies that adopt the profile, signed by both, in force on `day` for the area (none named: for
// none), without a notice that stops them between these two. Several (a county's baseline and a district's) hold
// together: each one's overlays tighten.
AgreementsFound FindAgreements(const DecisionRequest& request, const Snapshot& snapshot, absl::CivilDay day);

// Who should hold which role. An empty `person` means anybody, an empty `board` or `area` any. The board counts for
// roles that a board's owner appoints to, unless the role is one panel's.
struct RoleSought {
  absl::string_view agency;
  absl::string_view person;
  absl::string_view role;
  absl::string_view board;
  absl::string_view area;
};

// Whether somebody of the agency holds the role on `day` for the board and area with training that counts, and the
// vocabulary has the role on that day. Where a board's owner appoints to the role, the directory of an owner says so
// too: an agency alone cannot make its own person the chair. Without registers: only that the vocabulary has it.
bool RoleHeld(const Snapshot& snapshot, const RoleSought& sought, absl::CivilDay day);

// Whether the role is one of `board`: its owner appoints to it, and it is no other panel's.
bool IsRoleOf(const Policy& policy, const std::string& role, absl::string_view board);

}  // namespace derwent::policy
