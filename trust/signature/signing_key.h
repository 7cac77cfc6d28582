#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/secret/openssl_handle.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

// A P-256 public key. Immutable, copyable (shares the parsed key), thread-safe.
class PublicKey {
 public:
  // `der` is a SubjectPublicKeyInfo. Errors: kInvalidArgument unless it is a P-256 key and nothing follows it.
  static absl::StatusOr<PublicKey> FromSpkiDer(absl::string_view der);

  // Checks an ECDSA SHA-256 signature (DER). Error: kUnauthenticated when it does not verify.
  absl::Status Verify(absl::string_view message, absl::string_view signature) const;

  // Lowercase hex SHA-256 of the SubjectPublicKeyInfo.
  const std::string& key_id() const { return key_id_; }
  const std::string& spki_der() const { return spki_der_; }
  // For agreement on a key (HPKE); valid while this object or a copy lives.
  EVP_PKEY* handle() const { return key_.get(); }

 private:
  PublicKey(std::shared_ptr<EVP_PKEY> key, std::string der);
  std::shared_ptr<EVP_PKEY> key_;  // Shared: OpenSSL's key is immutable once parsed and costly to parse again.
  std::string spki_der_;
  std::string key_id_;
};

// A P-256 private key. Immutable, thread-safe.
class SigningKey {
 public:
  // `pem` is an unencrypted PKCS#8 or SEC 1 key on P-256.
  static absl::StatusOr<SigningKey> FromPem(const SecretBytes& pem);
  // From a file of mode 0600.
  static absl::StatusOr<SigningKey> FromFile(absl::string_view path);

  // ECDSA over SHA-256 of `message`, DER. Not deterministic.
  absl::StatusOr<std::string> Sign(absl::string_view message) const;

  const PublicKey& public_key() const { return public_key_; }
  EVP_PKEY* handle() const { return key_.get(); }

 private:
  SigningKey(EvpKey key, PublicKey public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {}
  EvpKey key_;
  PublicKey public_key_;
};

}  // namespace derwent::trust
