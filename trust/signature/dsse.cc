#include "trust/signature/dsse.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::trust {

std::string DssePreAuthentication(absl::string_view payload_type, absl::string_view payload) {
  return absl::StrCat("DSSEv1 ", payload_type.size(), " ", payload_type, " ", payload.size(), " ", payload);
}

absl::StatusOr<Envelope> SignEnvelope(absl::string_view payload_type, std::string payload, const SigningKey& key) {
  ASSIGN_OR_RETURN(std::string sig, key.Sign(DssePreAuthentication(payload_type, payload)));
  return Envelope{.payload_type = std::string(payload_type),
                  .payload = std::move(payload),
                  .signatures = {{.keyid = key.public_key().key_id(), .sig = std::move(sig)}}};
}

absl::Status VerifyEnvelope(const Envelope& envelope, absl::string_view payload_type, const PublicKey& key) {
  if (envelope.payload_type != payload_type) {
    return absl::InvalidArgumentError(absl::StrCat("the envelope's payload type is not `", payload_type, "`"));
  }
  if (envelope.signatures.size() > kMaxDsseSignatures)
    return absl::InvalidArgumentError("the envelope has over 16 signatures");
  const std::string signed_octets = DssePreAuthentication(envelope.payload_type, envelope.payload);
  for (const DsseSignature& signature : envelope.signatures) {
    if (signature.keyid == key.key_id()) return key.Verify(signed_octets, signature.sig);
  }
  return absl::UnauthenticatedError("the envelope holds no signature by the expected key");
}

}  // namespace derwent::trust
