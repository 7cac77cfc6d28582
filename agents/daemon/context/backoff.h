#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

#include "trust/secret/random.h"

namespace derwent::agents {

// Doubles up to a limit, with jitter: agents that lost their broker together do not come back together. Not
// thread-safe; borrows `random`.
class Backoff {
 public:
  static constexpr absl::Duration kFirst = absl::Milliseconds(200);
  static constexpr absl::Duration kLongest = absl::Seconds(20);

  explicit Backoff(trust::Random& random) : random_(random) {}
  void Reset() { next_ = kFirst; }
  absl::Duration Next() {
    const absl::Duration base = next_;
    next_ = std::min(next_ * 2, kLongest);
    const auto octet = static_cast<uint8_t>(random_.Bytes(1).front());
    return base / 2 + base * (octet / 510.0);
  }

 private:
  trust::Random& random_;
  absl::Duration next_ = kFirst;
};

}  // namespace derwent::agents
