#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/secret/openssl_handle.h"

namespace derwent::testing {

// A key and its certificate, for one test.
struct TestIdentity {
  std::string key_pem;  // PKCS#8, unencrypted.
  std::string certificate_pem;
  std::string certificate_der;
  std::string serial;  // Lowercase hex, as trust::Certificate gives it.
  std::string key_id;  // Lowercase hex SHA-256 of the SubjectPublicKeyInfo.
};

// A consortium authority made in memory: one self-signed root that issues P-256 certificates and revocation lists.
// Good from a year before to ten years after `now`. Ends the test process when OpenSSL fails. Not thread-safe.
class TestPki {
 public:
  explicit TestPki(absl::Time now = absl::Now());

  // A certificate whose only URI name is `uri`, also good for `localhost`.
  TestIdentity Issue(absl::string_view uri, absl::Duration lifetime = absl::Hours(24 * 60));
  // The same for an agency: `spiffe://derwent.example/agency/<agency>/<kind>/<name>`.
  TestIdentity IssueFor(absl::string_view agency, absl::string_view kind, absl::string_view name);
  const std::string& ca_pem() const { return ca_pem_; }
  // A revocation list of these serials, good for 30 days; revoked an hour ago, or at `since`.
  std::string Crl(const std::vector<std::string>& serials) const { return Crl(serials, now_ - absl::Hours(1)); }
  std::string Crl(const std::vector<std::string>& serials, absl::Time since) const;

 private:
  absl::Time now_;
  uint64_t next_serial_ = 0x4000000000000001;
  trust::EvpKey key_;
  trust::X509Handle certificate_;
  std::string ca_pem_;
};

}  // namespace derwent::testing
