#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "derwent/v1/dsse.pb.h"
#include "policy/loader/problem.h"
#include "trust/identity/authority.h"
#include "trust/identity/revocation.h"

namespace derwent::policy {

// Whom to believe. Each broker and agent has its own, exchanged out of band.
struct TrustRoots {
  trust::Authority authority;
  trust::RevocationSet revoked;
  std::map<std::string, std::set<std::string>> signatories;  // Agency to the opaque ids of those who may sign for it.
  int bundle_quorum = 2;                                     // Agencies that must have signed the MANIFEST.
};

// What a signature file under `signatures/` or `notices/` proves: its payload and the agency whose signatory signed it.
struct Signed {
  std::string payload;
  std::string agency;
};

// An envelope as signature files hold it.
absl::StatusOr<std::string> PrintEnvelope(const v1::DsseEnvelope& envelope);

// Verifies a DSSE envelope in JSON by a certificate in PEM: good under the authority at `now`, not revoked, a person
// whom `roots` names as a signatory of its agency. Errors: kUnauthenticated, kInvalidArgument.
struct SignedText {
  const std::string& json;
  const std::string& certificate_pem;
};
absl::StatusOr<Signed> VerifySignedBySignatory(const SignedText& text, absl::string_view type, const TrustRoots& roots,
                                               absl::Time now);
// Reads a DSSE envelope in JSON and verifies it: the signer's certificate is `signatures/certificates/<keyid>.pem` of
// the bundle, good under the authority at `now`, not revoked, a person whom `roots` names as a signatory of its agency.
// Errors: kUnauthenticated, kInvalidArgument.
absl::StatusOr<Signed> VerifySignatureFile(const Files& files, absl::string_view path, absl::string_view type,
                                           const TrustRoots& roots, absl::Time now);

}  // namespace derwent::policy
