#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "derwent/v1/erasure.pb.h"

namespace derwent::exchange {

// A command about entries whose signer is who it says, without any look at roles or state.
struct CheckedHold {
  v1::HoldCommand command;
  trust::Chain chain;  // Of the signer's certificate.
  std::string octets;  // The SignedCommand as it is kept.
};
struct CheckedErasure {
  v1::ErasureCommand command;
  trust::Chain chain;
  std::string octets;
};

// Reads a command and verifies it: form, with all violations at once, then the person's certificate and signature. Done
// on a worker. Errors: kInvalidArgument; kFailedPrecondition `COMMAND_NOT_VALID`.
absl::StatusOr<CheckedHold> CheckHold(const v1::SignedCommand& signed_command, const World& world, absl::Time now);
absl::StatusOr<CheckedErasure> CheckErasure(const v1::SignedCommand& signed_command, const World& world,
                                            absl::Time now);

}  // namespace derwent::exchange
