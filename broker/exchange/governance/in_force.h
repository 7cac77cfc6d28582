#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/store/store.h"
#include "policy/loader/bundle.h"

// The ledger says which policy is in force.

namespace derwent::exchange {

// Enters that the world's policy came into force, once a digest.
absl::Status EnterPolicy(Batch& batch);
// Likewise, of a policy that this command brings into force.
absl::Status EnterInForce(const policy::Bundle& bundle, Batch& batch);
// The body of that entry.
std::string PolicyInForce(const policy::Bundle& bundle);
// The newest such body; empty: none was entered yet. Errors: of the store.
absl::StatusOr<std::string> PolicyEntered(store::Reader& reader);

}  // namespace derwent::exchange
