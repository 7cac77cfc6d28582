#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/identity/spiffe.h"
#include "trust/secret/openssl_handle.h"
#include "trust/signature/signing_key.h"

namespace derwent::trust {

// An X.509 certificate of the consortium with a P-256 key and exactly one URI name, a SPIFFE id.
// Immutable, copyable (shares the parsed certificate), thread-safe. Parsing proves nothing: see Authority.
class Certificate {
 public:
  // Errors: kInvalidArgument when malformed, when its key is not P-256, or when it has not exactly one URI name.
  static absl::StatusOr<Certificate> FromDer(absl::string_view der);
  // The first certificate of a PEM text.
  static absl::StatusOr<Certificate> FromPem(absl::string_view pem);

  const SpiffeId& id() const { return id_; }
  const PublicKey& public_key() const { return public_key_; }
  // Lowercase hex, no leading zeros beyond whole octets.
  const std::string& serial() const { return serial_; }
  absl::Time not_before() const { return not_before_; }
  absl::Time not_after() const { return not_after_; }
  const std::string& der() const { return der_; }
  X509* handle() const { return handle_.get(); }

 private:
  Certificate(std::shared_ptr<X509> handle, SpiffeId id, PublicKey public_key)
      : handle_(std::move(handle)), id_(std::move(id)), public_key_(std::move(public_key)) {}
  static absl::StatusOr<Certificate> FromHandle(X509Handle handle);

  std::shared_ptr<X509> handle_;  // Shared: immutable once parsed.
  SpiffeId id_;
  PublicKey public_key_;
  std::string serial_;
  absl::Time not_before_;
  absl::Time not_after_;
  std::string der_;
};

// What a certificate stands on: its serial and that of each authority above it, the root's last. A value that outlives
// the certificate, so that revocation can be asked again.
using Chain = std::vector<std::string>;

// The serial number of an X.509 structure as lowercase hex.
std::string SerialHex(const ASN1_INTEGER* serial);
// An X.509 time; InfinitePast when malformed.
absl::Time FromAsn1Time(const ASN1_TIME* time);

}  // namespace derwent::trust
