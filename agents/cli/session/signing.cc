#include "agents/cli/session/signing.h"

#include "trust/message/envelope.h"
#include "trust/signature/signing_key.h"

namespace derwent::cli {

absl::StatusOr<v1::DsseEnvelope> SignWithFile(absl::string_view payload_type, const google::protobuf::Message& message,
                                              const std::string& key_file) {
  const absl::StatusOr<trust::SigningKey> key = trust::SigningKey::FromFile(key_file);
  if (!key.ok()) return absl::InvalidArgumentError(key.status().message());
  return trust::SignMessage(payload_type, message, *key);
}

}  // namespace derwent::cli
