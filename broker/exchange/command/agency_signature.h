#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "derwent/v1/dsse.pb.h"

namespace derwent::exchange {

// The envelope is signed by a signing key of `agency` that counts at `now`.
// Errors: kFailedPrecondition `KEY_NOT_CERTIFIED` when no such key is known; `SIGNATURE_INVALID`.
absl::Status CheckSigned(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                         absl::string_view type, absl::Time now);
// The key that signed it still counts: the cheap part of CheckSigned, repeated at each later step.
absl::Status CheckKeyCounts(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                            absl::Time now);

}  // namespace derwent::exchange
