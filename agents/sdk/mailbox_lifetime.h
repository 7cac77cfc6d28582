#pragma once

#include "absl/time/time.h"

namespace derwent::agents {

// How long a package or message may be on its way: the longest collection time of a profile, and a share that waited in
// its sender's outbox. What is older was kept back by somebody, and may rest on keys that no longer should count.
inline constexpr absl::Duration kMailboxLifetime = absl::Hours(24 * (30 + 7));

}  // namespace derwent::agents
