#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "trust/identity/spiffe.h"
#include "trust/secret/secret_bytes.h"
#include "trust/signature/signing_key.h"

namespace derwent::trust {

// A fresh P-256 key, as PKCS #8 in PEM, unencrypted. Error: kInternal OpenSSL fails.
absl::StatusOr<SecretBytes> NewKeyPem();

// A PKCS #10 request in PEM for a certificate of `key` (RFC 2986): `common_name`, `id` as its only URI name, signed by
// the key itself with ECDSA over SHA-256. Whether it is granted, and as what, is the authority's to say.
// Error: kInternal OpenSSL fails.
absl::StatusOr<std::string> MakeSigningRequest(const SigningKey& key, const SpiffeId& id,
                                               const std::string& common_name);

}  // namespace derwent::trust
