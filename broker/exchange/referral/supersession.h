#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/package_check.h"
#include "broker/store/rows.h"

// A later version of a referral takes the place of an earlier one.

namespace derwent::exchange {

// The share that `share` supersedes; nullopt: none. Errors: kInvalidArgument another profile, purpose, board or area,
// or not the next version; kFailedPrecondition `SHARE_UNKNOWN` it is not one that this agency sent to each of the
// recipients, `STATE_NOT_ALLOWED` it was withdrawn from one of them, or superseded.
absl::StatusOr<std::optional<store::ShareRow>> FindSuperseded(const CheckedShare& share, Batch& batch);

// Links `older` to `share`, which was just stored. Nothing of `older` is handed out any more; its part ends, and is
// entered, for each recipient of `share`. The other recipients are the sender's to tell, by a withdrawal.
absl::Status Supersede(const store::ShareRow& older, const CheckedShare& share, Batch& batch);

}  // namespace derwent::exchange
