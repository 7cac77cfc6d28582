#pragma once

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace derwent::agents {

// Runs `work` for 0 to `count` - 1, some at once (8 at most): what it does waits for a disk or the broker. Nothing more
// is begun after an error. Returns the first that came.
absl::Status AtOnce(size_t count, absl::FunctionRef<absl::Status(size_t)> work);

}  // namespace derwent::agents
