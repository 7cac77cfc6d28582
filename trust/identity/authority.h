#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/identity/certificate.h"
#include "trust/secret/openssl_handle.h"

namespace derwent::trust {

// The consortium's certificate authorities: says whether a certificate is theirs. Immutable, thread-safe.
class Authority {
 public:
  // `pem` holds the root and the issuing authorities' certificates, in any order; self-signed ones are trusted roots.
  // Error: kInvalidArgument when it holds no root or something malformed or cut short.
  static absl::StatusOr<Authority> FromPem(absl::string_view pem, std::string trust_domain);

  // The chain to a root verifies at `now`, and the id is of this trust domain.
  // Errors: kUnauthenticated. Revocation is RevocationSet's part.
  absl::Status Verify(const Certificate& certificate, absl::Time now) const {
    return ChainOf(certificate, now).status();
  }
  // The same, and the chain that verified. Errors: likewise.
  absl::StatusOr<Chain> ChainOf(const Certificate& certificate, absl::Time now) const;

  const std::string& trust_domain() const { return trust_domain_; }
  // The authority whose key signed the list, or null.
  X509* SignerOf(X509_CRL* crl) const;
  const std::vector<std::shared_ptr<X509>>& certificates() const { return certificates_; }
  // Those that issue certificates: all below the roots, or the roots where there is nothing below.
  std::vector<X509*> Issuers() const;

 private:
  Authority() = default;
  std::string trust_domain_;
  std::vector<std::shared_ptr<X509>> certificates_;
  std::shared_ptr<X509_STORE> store_;
};

// What an authority's certificates have in common when one is renewed: its name and its key.
std::string AuthorityKey(X509* certificate);
// Whether the last read of PEM ended because nothing more begins; else something malformed was read. Empties the error
// queue.
bool PemEnded();

}  // namespace derwent::trust
