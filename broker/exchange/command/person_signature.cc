#include "broker/exchange/command/person_signature.h"

#include "broker/exchange/command/envelope.h"
#include "trust/identity/certificate.h"

namespace derwent::exchange {

absl::StatusOr<trust::Chain> VerifyPersonSigned(const v1::DsseEnvelope& envelope, absl::string_view certificate_der,
                                                absl::string_view type, const NamedSigner& signer, const World& world,
                                                absl::Time now) {
  const auto certificate = trust::Certificate::FromDer(certificate_der);
  if (!certificate.ok()) return absl::InvalidArgumentError("the signer's certificate is malformed");
  absl::StatusOr<trust::Chain> chain = world.authority->ChainOf(*certificate, now);
  if (!chain.ok())
    return absl::InvalidArgumentError("the signer's certificate is not the consortium's, or out of date");
  const trust::SpiffeId& id = certificate->id();
  if (id.kind != trust::CallerKind::kPerson || id.agency != signer.agency || id.name != signer.person)
    return absl::InvalidArgumentError("the certificate is not that of the person named");
  if (!trust::VerifyEnvelope(FromProto(envelope), type, certificate->public_key()).ok())
    return absl::InvalidArgumentError("the signature does not verify");
  return chain;
}

}  // namespace derwent::exchange
