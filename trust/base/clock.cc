#include "trust/base/clock.h"

#include "absl/time/clock.h"

namespace derwent {

absl::Time SystemClock::Now() const { return absl::Now(); }

}  // namespace derwent
