#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "derwent/v1/dsse.pb.h"
#include "trust/identity/key_event.h"

namespace derwent::agents {

// The signature is by a signing key of `history` that counted when the message was made and is not revoked now.
// Errors: kUnavailable it is by one that does not count yet: its event waits for its witnesses; kUnauthenticated.
absl::Status VerifySigned(const v1::DsseEnvelope& envelope, absl::string_view type, const trust::KeyHistory& history,
                          absl::Time made, absl::Time now);

}  // namespace derwent::agents
