#include "agents/cli/session/signing.h"

#include "trust/base/status_macros.h"
#include "trust/signature/dsse.h"

namespace derwent::cli {

absl::StatusOr<v1::DsseEnvelope> SignWithFile(absl::string_view payload_type, const google::protobuf::Message& message,
                                              const std::string& key_file) {
  const absl::StatusOr<trust::SigningKey> key = trust::SigningKey::FromFile(key_file);
  if (!key.ok()) return absl::InvalidArgumentError(key.status().message());
  ASSIGN_OR_RETURN(const trust::Envelope envelope,
                   trust::SignEnvelope(payload_type, message.SerializeAsString(), *key));
  v1::DsseEnvelope result;
  result.set_payload_type(envelope.payload_type);
  result.set_payload(envelope.payload);
  for (const trust::DsseSignature& signature : envelope.signatures) {
    v1::DsseSignature& added = *result.add_signatures();
    added.set_keyid(signature.keyid);
    added.set_sig(signature.sig);
  }
  return result;
}

}  // namespace derwent::cli
