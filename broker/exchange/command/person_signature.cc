#include "broker/exchange/command/person_signature.h"

#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/message/person_signature.h"

namespace derwent::exchange {

absl::StatusOr<trust::Chain> VerifyPersonSigned(const v1::DsseEnvelope& envelope, absl::string_view certificate_der,
                                                absl::string_view type, const trust::NamedPerson& signer,
                                                const World& world, absl::Time now) {
  const absl::StatusOr<trust::Certificate> certificate =
      trust::VerifySignedByPerson(envelope, certificate_der, type, signer);
  if (!certificate.ok()) return absl::InvalidArgumentError(certificate.status().message());
  absl::StatusOr<trust::Chain> chain = world.authority->ChainOf(*certificate, now);
  if (!chain.ok())
    return absl::InvalidArgumentError("the signer's certificate is not the consortium's, or out of date");
  return chain;
}

}  // namespace derwent::exchange
