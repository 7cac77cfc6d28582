#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent {

// A SHA-256 value: exactly 32 octets. The default value is all zero and never the digest of anything in use.
class Sha256Digest {
 public:
  static constexpr size_t kSize = 32;

  Sha256Digest() = default;
  explicit Sha256Digest(const std::array<uint8_t, kSize>& octets) : octets_(octets) {}

  // Error: kInvalidArgument when `bytes` is not 32 octets long.
  static absl::StatusOr<Sha256Digest> FromBytes(absl::string_view bytes);
  // `hex` is 64 lowercase hexadecimal digits.
  static absl::StatusOr<Sha256Digest> FromHex(absl::string_view hex);

  absl::string_view view() const { return {reinterpret_cast<const char*>(octets_.data()), kSize}; }
  std::string bytes() const { return std::string(view()); }
  std::string hex() const;
  const uint8_t* data() const { return octets_.data(); }
  uint8_t* data() { return octets_.data(); }

  friend auto operator<=>(const Sha256Digest&, const Sha256Digest&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const Sha256Digest& digest) {
    return H::combine(std::move(state), digest.octets_);
  }

 private:
  std::array<uint8_t, kSize> octets_{};
};

}  // namespace derwent
