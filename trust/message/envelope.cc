#include "trust/message/envelope.h"

#include <utility>

#include "trust/base/status_macros.h"

namespace derwent::trust {

Envelope FromProto(const v1::DsseEnvelope& message) {
  Envelope envelope{.payload_type = message.payload_type(), .payload = message.payload(), .signatures = {}};
  envelope.signatures.reserve(static_cast<size_t>(message.signatures_size()));
  for (const v1::DsseSignature& signature : message.signatures())
    envelope.signatures.push_back({.keyid = signature.keyid(), .sig = signature.sig()});
  return envelope;
}

v1::DsseEnvelope ToProto(const Envelope& envelope) {
  v1::DsseEnvelope message;
  message.set_payload_type(envelope.payload_type);
  message.set_payload(envelope.payload);
  for (const DsseSignature& signature : envelope.signatures) {
    v1::DsseSignature& added = *message.add_signatures();
    added.set_keyid(signature.keyid);
    added.set_sig(signature.sig);
  }
  return message;
}

absl::StatusOr<v1::DsseEnvelope> SignMessage(absl::string_view type, const google::protobuf::Message& message,
                                             const SigningKey& key) {
  std::string payload;
  if (!message.SerializeToString(&payload)) return absl::InvalidArgumentError("a message does not serialise");
  ASSIGN_OR_RETURN(const Envelope envelope, SignEnvelope(type, std::move(payload), key));
  return ToProto(envelope);
}

}  // namespace derwent::trust
