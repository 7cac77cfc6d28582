#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/dsse.pb.h"
#include "trust/identity/certificate.h"

namespace derwent::trust {

// Who is said to have signed.
struct NamedPerson {
  std::string agency;
  std::string person;
};

// The certificate under which that person signed exactly these octets as `type`. Whether the certificate counts (its
// authority, its days, revocation) is the caller's to judge: each of them asks it of another time.
// Error: kUnauthenticated saying, without a name in it, which of certificate, person and signature is not good.
absl::StatusOr<Certificate> VerifySignedByPerson(const v1::DsseEnvelope& envelope, absl::string_view certificate_der,
                                                 absl::string_view type, const NamedPerson& signer);

}  // namespace derwent::trust
