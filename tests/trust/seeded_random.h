#pragma once

#include <cstdint>
#include <random>

#include "trust/secret/random.h"

namespace derwent::testing {

// Octets that a seed decides: the same on every machine. For tests only.
class SeededRandom final : public trust::Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void Fill(absl::Span<uint8_t> octets) override {
    for (uint8_t& octet : octets) octet = static_cast<uint8_t>(engine_());
  }
  // From 0 to `limit` - 1.
  uint64_t Below(uint64_t limit) { return engine_() % limit; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace derwent::testing
