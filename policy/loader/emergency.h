#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "derwent/v1/emergency.pb.h"
#include "derwent/v1/package.pb.h"
#include "policy/engine/model.h"
#include "trust/identity/authority.h"
#include "trust/identity/revocation.h"

// An emergency's declaration, checked alike by the broker and by every holder's agent.

namespace derwent::policy {

inline constexpr char kEmergencyPurpose[] = "emergency.vital";
inline constexpr char kDutyOfficer[] = "duty_officer";
inline constexpr absl::Duration kEmergencyLasts = absl::Hours(24);

inline bool IsEmergency(absl::string_view purpose) { return purpose == kEmergencyPurpose; }

// The command that both persons it names signed, each under a certificate of the consortium that counts at `now`;
// dated ahead by no more than clocks differ, and not over. Errors: kInvalidArgument it is malformed, or not of now;
// kUnauthenticated a signature is missing or not good.
absl::StatusOr<v1::EmergencyCommand> VerifyEmergency(const v1::SignedEmergency& declaration,
                                                     const trust::Authority& authority,
                                                     const trust::RevocationSet& revoked, absl::Time now);
// Whether its persons hold their roles for its area on the day of `now`: the officer is on the rota of duty officers,
// the second person too, or a SPOC.
bool MayDeclare(const v1::EmergencyCommand& command, const Snapshot& snapshot, absl::Time now);
// Whether a selector asks what was declared, of whom it was declared, and for no longer.
bool Asks(const v1::Manifest& selector, const v1::EmergencyCommand& declared);

}  // namespace derwent::policy
