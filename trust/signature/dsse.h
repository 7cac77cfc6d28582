#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/signature/signing_key.h"

namespace derwent::trust {

// One signature of an envelope.
struct DsseSignature {
  std::string keyid;  // Lowercase hex SHA-256 of the signer's SubjectPublicKeyInfo.
  std::string sig;    // ECDSA P-256 SHA-256, DER.
};

// A signed message (DSSE v1, secure-systems-lab). The payload is the exact octets that were signed.
struct Envelope {
  std::string payload_type;
  std::string payload;
  std::vector<DsseSignature> signatures;
};

inline constexpr size_t kMaxDsseSignatures = 16;

// Pre-authentication encoding: "DSSEv1" SP len(type) SP type SP len(payload) SP payload.
std::string DssePreAuthentication(absl::string_view payload_type, absl::string_view payload);

// Signs `payload` under `payload_type` with one key.
absl::StatusOr<Envelope> SignEnvelope(absl::string_view payload_type, std::string payload, const SigningKey& key);

// True signature by `key` over exactly this type and payload.
// Errors: kInvalidArgument for another type or more than 16 signatures; kUnauthenticated when `key` did not sign it.
absl::Status VerifyEnvelope(const Envelope& envelope, absl::string_view payload_type, const PublicKey& key);

}  // namespace derwent::trust
