#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/types/span.h"

#include "trust/base/uuid.h"

namespace derwent::trust {

// A source of randomness, handed to whatever needs it. Implementations are thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  // Fills `octets` wholly. A source that cannot ends the process: nothing safe can follow.
  virtual void Fill(absl::Span<uint8_t> octets) = 0;

  std::string Bytes(size_t count);
  Uuid NewUuid();
  // For what many of are kept in an index and whose time of making is no secret.
  Uuid NewOrderedUuid(absl::Time time);
};

// The system's cryptographic generator, through OpenSSL.
class SystemRandom final : public Random {
 public:
  void Fill(absl::Span<uint8_t> octets) override;
};

}  // namespace derwent::trust
