#include "broker/exchange/command/agency_signature.h"

#include "broker/exchange/command/refusal.h"
#include "trust/base/status_macros.h"
#include "trust/message/envelope.h"

namespace derwent::exchange {
namespace {

// The key that the envelope's one signature names, where it is a signing key of the agency that counts at `now`. With a
// second signature it would not be evident whose key must still count at a later step.
absl::StatusOr<const trust::AgencyKey*> SignerOf(const World& world, const std::string& agency,
                                                 const v1::DsseEnvelope& envelope, absl::Time now) {
  if (envelope.signatures_size() != 1)
    return Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID", "an envelope has exactly one signature");
  const trust::KeyHistory* const history = world.KeysOf(agency);
  const trust::AgencyKey* const key =
      history == nullptr ? nullptr : history->Find(trust::KeyUse::kSigning, envelope.signatures(0).keyid(), now);
  if (key != nullptr && !world.revoked->BreaksChain(key->chain)) return key;
  return Refuse(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED",
                "no signing key of the agency that counts today made the signature");
}

}  // namespace

absl::Status CheckKeyCounts(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                            absl::Time now) {
  return SignerOf(world, agency, envelope, now).status();
}

absl::Status CheckSigned(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                         absl::string_view type, absl::Time now) {
  ASSIGN_OR_RETURN(const trust::AgencyKey* const key, SignerOf(world, agency, envelope, now));
  const absl::Status verified = trust::VerifyEnvelope(trust::FromProto(envelope), type, key->certificate.public_key());
  if (verified.ok()) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID", verified.message());
}

}  // namespace derwent::exchange
