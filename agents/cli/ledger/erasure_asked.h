#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "derwent/v1/erasure_service.pb.h"
#include "trust/identity/authority.h"

namespace derwent::cli {

// What the person who agrees typed; empty: not given.
struct TypedErasure {
  std::vector<uint64_t> entries;
  std::string reason;
};

// What was asked for: the command that its owner signed, verified here under the consortium's authority, and just what
// was typed, if anything was. So nobody signs for other entries than the owner did, or than they meant. Errors:
// kDataLoss the broker shows what nobody signed; kInvalidArgument another thing was typed.
absl::StatusOr<v1::ErasureCommand> AskedErasure(const v1::Erasure& erasure, const TypedErasure& typed,
                                                const trust::Authority& authority, absl::Time now);

}  // namespace derwent::cli
