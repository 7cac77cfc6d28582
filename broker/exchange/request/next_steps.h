#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "broker/store/store.h"
#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/package.pb.h"

namespace derwent::exchange {

// Adds to a decision what is permitted nearest to what its selector is refused. Slow (policy/engine/nearest.h): for
// workers, never on the writer.
absl::Status AddNextStepsOf(const v1::Manifest& selector, const World& world, absl::Time now, store::Reader& reader,
                            v1::AskerDecision& decision);

}  // namespace derwent::exchange
