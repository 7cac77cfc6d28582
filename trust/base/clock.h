#pragma once

#include "absl/time/time.h"

namespace derwent {

// The wall clock, handed to whatever needs the time. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Now, as this machine knows it; may step back.
  virtual absl::Time Now() const = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

}  // namespace derwent
