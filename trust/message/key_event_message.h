#pragma once

#include "absl/status/statusor.h"

#include "derwent/v1/dsse.pb.h"
#include "trust/identity/key_event.h"

namespace derwent::trust {

// The key event that an envelope carries (message KeyEvent); nothing of it is verified yet.
// Error: kInvalidArgument it does not parse, or its action or purpose is none that is known.
absl::StatusOr<KeyEvent> ParseKeyEvent(const v1::DsseEnvelope& envelope);

}  // namespace derwent::trust
