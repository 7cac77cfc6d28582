#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

// What a revocation list says.
struct TestList {
  std::vector<std::string> serials;
  std::optional<absl::Time> since;  // When they were revoked; otherwise an hour ago.
  std::optional<absl::Time> made;   // Otherwise an hour ago; good for 30 days.
  std::optional<uint64_t> number;   // Otherwise it has none.
};

// A consortium authority made in memory: a self-signed root that issues P-256 certificates and revocation lists, itself
// or by an issuing authority below it. Good from a year before to ten years after `now`. Ends the test process when
// OpenSSL fails. Not thread-safe.
class TestPki {
 public:
  enum class Depth { kRootAlone, kIssuingBelow };
  explicit TestPki(absl::Time now = absl::Now(), Depth depth = Depth::kRootAlone);

  // A certificate whose only URI name is `uri`, also good for `localhost`.
  TestIdentity Issue(absl::string_view uri, absl::Duration lifetime = absl::Hours(24 * 60));
  // The same for an agency: `spiffe://derwent.example/agency/<agency>/<kind>/<name>`.
  TestIdentity IssueFor(absl::string_view agency, absl::string_view kind, absl::string_view name);
  const std::string& ca_pem() const { return ca_pem_; }
  // The serial of the authority that issues.
  std::string authority_serial() const;
  // Revocation lists: of the authority that issues, and of the root.
  std::string Crl(const std::vector<std::string>& serials) const { return CrlOf(TestList{.serials = serials}); }
  std::string Crl(const std::vector<std::string>& serials, absl::Time since) const {
    return CrlOf(TestList{.serials = serials, .since = since});
  }
  std::string CrlOf(const TestList& list) const { return List(list, issuer()); }
  std::string RootCrl(const TestList& list) const { return List(list, root_); }

 private:
  struct Authority {
    trust::EvpKey key;
    trust::X509Handle certificate;
  };
  Authority MakeAuthority(const std::string& name, const Authority* above);
  std::string List(const TestList& list, const Authority& authority) const;
  const Authority& issuer() const { return issuing_.key == nullptr ? root_ : issuing_; }

  absl::Time now_;
  uint64_t next_serial_ = 0x4000000000000001;
  Authority root_;
  Authority issuing_;  // Empty where the root issues.
  std::string ca_pem_;
};

}  // namespace derwent::testing
