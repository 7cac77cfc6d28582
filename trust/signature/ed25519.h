#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/openssl_handle.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

inline constexpr size_t kEd25519SeedSize = 32;
inline constexpr size_t kEd25519PublicKeySize = 32;
inline constexpr size_t kEd25519SignatureSize = 64;

// An Ed25519 private key (RFC 8032). Immutable, thread-safe.
class Ed25519Key {
 public:
  // Unencrypted PKCS#8 PEM.
  static absl::StatusOr<Ed25519Key> FromPem(const SecretBytes& pem);
  static absl::StatusOr<Ed25519Key> FromFile(absl::string_view path);
  // From the 32-octet seed.
  static absl::StatusOr<Ed25519Key> FromSeed(const SecretBytes& seed);

  // As FromPem reads it.
  absl::StatusOr<SecretBytes> ToPem() const;
  absl::StatusOr<std::string> Sign(absl::string_view message) const;
  // 32 octets.
  const std::string& public_key() const { return public_key_; }

 private:
  static absl::StatusOr<Ed25519Key> FromHandle(EvpKey key);
  Ed25519Key(EvpKey key, std::string public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {}
  EvpKey key_;
  std::string public_key_;
};

// Error: kUnauthenticated when `signature` is not by `public_key` (32 octets) over `message`.
absl::Status Ed25519Verify(absl::string_view public_key, absl::string_view message, absl::string_view signature);

}  // namespace derwent::trust
