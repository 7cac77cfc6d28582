#include "trust/message/person_signature.h"

#include "trust/message/envelope.h"

namespace derwent::trust {

absl::StatusOr<Certificate> VerifySignedByPerson(const v1::DsseEnvelope& envelope, absl::string_view certificate_der,
                                                 absl::string_view type, const NamedPerson& signer) {
  absl::StatusOr<Certificate> certificate = Certificate::FromDer(certificate_der);
  if (!certificate.ok()) return absl::UnauthenticatedError("the signer's certificate is malformed");
  const SpiffeId& id = certificate->id();
  if (id.kind != CallerKind::kPerson || id.agency != signer.agency || id.name != signer.person)
    return absl::UnauthenticatedError("the certificate is not that of the person named");
  if (!VerifyEnvelope(FromProto(envelope), type, certificate->public_key()).ok())
    return absl::UnauthenticatedError("the signature does not verify");
  return certificate;
}

}  // namespace derwent::trust
