#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "derwent/v1/package.pb.h"
#include "policy/engine/agreements.h"
#include "policy/engine/request.h"

namespace derwent::exchange {

// A case with who takes part.
struct LoadedCase {
  store::CaseRow row;
  std::vector<store::CaseMemberRow> members;
  std::vector<store::CaseExclusionRow> exclusions;

  bool open() const { return !row.close_time.has_value(); }
  // Null when the agency is no member.
  const store::CaseMemberRow* MemberOf(absl::string_view agency) const;
  bool Excludes(absl::string_view agency, absl::string_view person) const;
};
// Nullopt when there is none.
absl::StatusOr<std::optional<LoadedCase>> LoadCase(const std::string& case_id, store::Reader& reader);

// Whether a person holds a role today, with training, in the area; for roles that a board's owner appoints to, for the
// board too.
bool HoldsToday(const World& world, const policy::RoleSought& sought, absl::Time now);

// Who asks, as a selector says it.
struct Asker {
  std::string agency;
  std::string person;
  std::string role;
};
Asker AskerOf(const v1::Manifest& selector);
// Whether the asker may ask now: the role may request, the person holds it today for board and area, and who is
// appointed by a board asks under a board's profile for that board alone.
bool MayAsk(const v1::Manifest& selector, const World& world, absl::Time now);

// VERIFIED when the request names an open case that its asker takes part in, of the same profile (or board, where the
// profile serves a board and its cases) and area. NONE otherwise: a case that is somebody else's looks like one that is
// not there.
absl::StatusOr<policy::CaseLink> CaseLinkOf(const v1::Manifest& selector, const World& world, store::Reader& reader);
inline absl::StatusOr<policy::CaseLink> CaseLinkOf(const v1::Manifest& selector, Batch& batch) {
  return CaseLinkOf(selector, batch.world(), batch.read());
}

}  // namespace derwent::exchange
