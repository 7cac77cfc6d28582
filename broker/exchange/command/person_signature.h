#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "derwent/v1/dsse.pb.h"
#include "trust/message/person_signature.h"

namespace derwent::exchange {

// Verifies that a person of the consortium signed exactly these octets: a certificate of the authority that counts at
// `now`, of the person named, and the signature by its key. Returns the certificate's chain; whether that is revoked
// is judged when the command takes effect. Error: kInvalidArgument saying which of them fails.
absl::StatusOr<trust::Chain> VerifyPersonSigned(const v1::DsseEnvelope& envelope, absl::string_view certificate_der,
                                                absl::string_view type, const trust::NamedPerson& signer,
                                                const World& world, absl::Time now);

}  // namespace derwent::exchange
