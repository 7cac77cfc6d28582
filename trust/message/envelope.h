#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

#include "derwent/v1/dsse.pb.h"
#include "trust/signature/dsse.h"

namespace derwent::trust {

Envelope FromProto(const v1::DsseEnvelope& message);
v1::DsseEnvelope ToProto(const Envelope& envelope);

// Serialises and signs. The octets signed are the octets sent.
absl::StatusOr<v1::DsseEnvelope> SignMessage(absl::string_view type, const google::protobuf::Message& message,
                                             const SigningKey& key);

}  // namespace derwent::trust
