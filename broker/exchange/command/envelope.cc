#include "broker/exchange/command/envelope.h"

#include "broker/exchange/command/refusal.h"
#include "derwent/v1/key.pb.h"
#include "trust/base/status_macros.h"

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

trust::Envelope FromProto(const v1::DsseEnvelope& message) {
  trust::Envelope envelope{.payload_type = message.payload_type(), .payload = message.payload(), .signatures = {}};
  for (const v1::DsseSignature& signature : message.signatures())
    envelope.signatures.push_back({.keyid = signature.keyid(), .sig = signature.sig()});
  return envelope;
}

absl::StatusOr<trust::KeyEvent> ToKeyEvent(const v1::DsseEnvelope& envelope) {
  v1::KeyEvent message;
  if (!message.ParseFromString(envelope.payload()) || message.action() == v1::KEY_ACTION_UNSPECIFIED ||
      message.purpose() == v1::KEY_PURPOSE_UNSPECIFIED) {
    return Refuse(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the key event is malformed");
  }
  return trust::KeyEvent{
      .agency = message.agency(),
      .sequence = message.sequence(),
      .step = message.action() == v1::KEY_ACTION_PUBLISH ? trust::KeyStep::kPublish : trust::KeyStep::kRevoke,
      .use = message.purpose() == v1::KEY_PURPOSE_SIGNING ? trust::KeyUse::kSigning : trust::KeyUse::kSealing,
      .certificate_der = message.certificate(),
      .key_id = message.key_id(),
      .previous_event_digest = message.previous_event_digest(),
      .valid_from = FromTimestamp(message.valid_from()),
      .valid_until = FromTimestamp(message.valid_until()),
      .envelope = FromProto(envelope)};
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Status CheckKeyCounts(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                            absl::Time now) {
  return SignerOf(world, agency, envelope, now).status();
}

absl::Status CheckSigned(const World& world, const std::string& agency, const v1::DsseEnvelope& envelope,
                         absl::string_view type, absl::Time now) {
  ASSIGN_OR_RETURN(const trust::AgencyKey* const key, SignerOf(world, agency, envelope, now));
  const absl::Status verified = trust::VerifyEnvelope(FromProto(envelope), type, key->certificate.public_key());
  if (verified.ok()) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID", verified.message());
}

}  // namespace derwent::exchange
