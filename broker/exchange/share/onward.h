#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/package_check.h"
#include "derwent/v1/package.pb.h"
#include "policy/loader/onward.h"

// Onward shares: what a sender was itself given (domain brief H; domain decision 27).

namespace derwent::exchange {

// One source at most, of categories that are considered, sorted.
void RequireOnward(const policy::OnwardSources& sources,
                   const google::protobuf::RepeatedPtrField<std::string>& considered, const std::string& field,
                   Violations& violations);

// The agency that shared it with `holder`. Error: kFailedPrecondition `SHARE_UNKNOWN` no such share was given to the
// holder, or it was taken back.
absl::StatusOr<std::string> OriginatorOf(const std::string& share_id, const std::string& holder, Batch& batch);

// The originator of what a package passes on; empty: it passes nothing on. Its marking and obligations hold on: the
// package has them too. Errors: as OriginatorOf; kInvalidArgument it is marked less strictly, or binds to less.
absl::StatusOr<std::string> CheckOnward(const CheckedPackage& package, Batch& batch);

}  // namespace derwent::exchange
