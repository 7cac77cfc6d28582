#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::agents {

// What a unit is bound to; part of the associated data of its AEAD.
struct UnitLabel {
  std::string share_id;
  uint32_t version = 0;
  uint32_t unit = 0;
  uint32_t subject = 0;
  std::string category;
  std::string form;
};

inline constexpr size_t kSmallestBucket = 256;
inline constexpr size_t kLargestBucket = 1 << 20;
// Of a unit before it is padded: its length is kept in the bucket.
inline constexpr size_t kLargestUnit = kLargestBucket - 4;

// The bucket for a plaintext: the least power of two from `least` (itself one, 256 at least) that holds it and its
// length prefix. Error: kInvalidArgument over 1 MiB.
absl::StatusOr<size_t> SizeBucket(size_t plaintext, size_t least = kSmallestBucket);

// Pads to the bucket (u32be length ‖ plaintext ‖ zeros) and seals with a key used once (nonce zero).
absl::StatusOr<std::string> SealUnit(const trust::SecretBytes& key, const UnitLabel& label, absl::string_view plaintext,
                                     size_t least_bucket = kSmallestBucket);
// Opens and unpads. Error: kDataLoss when key, label or text differ.
absl::StatusOr<std::string> OpenUnit(const trust::SecretBytes& key, const UnitLabel& label, absl::string_view sealed);

// SHA-256("derwent/unit-key/v1" ‖ key).
Sha256Digest KeyCommitment(const trust::SecretBytes& key);

}  // namespace derwent::agents
