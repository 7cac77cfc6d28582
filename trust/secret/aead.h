#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

inline constexpr size_t kAeadKeySize = 32;
inline constexpr size_t kAeadNonceSize = 12;
inline constexpr size_t kAeadTagSize = 16;

// AES-256-GCM (NIST SP 800-38D). Returns ciphertext ‖ 16-octet tag.
// The same key and nonce must never seal twice. Errors: kInvalidArgument for a wrong key or nonce size.
absl::StatusOr<std::string> AeadSeal(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                     absl::string_view plaintext);
// Opens what AeadSeal made. Error: kDataLoss when anything differs by a bit.
absl::StatusOr<std::string> AeadOpen(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                     absl::string_view sealed);

// The same with AES-128-GCM and a key of 16 octets, for standards that say so (RFC 8188).
inline constexpr size_t kAead128KeySize = 16;
absl::StatusOr<std::string> Aead128Seal(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                        absl::string_view plaintext);
absl::StatusOr<std::string> Aead128Open(const SecretBytes& key, absl::string_view nonce, absl::string_view associated,
                                        absl::string_view sealed);

}  // namespace derwent::trust
