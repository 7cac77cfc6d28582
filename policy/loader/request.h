#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "derwent/v1/decision.pb.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// The engine's question from the contract's. Errors: kInvalidArgument naming every field that is wrong.
absl::StatusOr<DecisionRequest> FromProto(const v1::DecisionRequest& message);
// The contract's question from the engine's: `FromProto` of it gives the question again, but that a known age makes the
// flags known.
v1::DecisionRequest ToProto(const DecisionRequest& question, absl::Time now);
// The instant a request names; `otherwise` when it names none. Error: kInvalidArgument.
absl::StatusOr<absl::Time> TimeOf(const v1::DecisionRequest& message, absl::Time otherwise);

}  // namespace derwent::policy
