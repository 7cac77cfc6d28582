#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

#include "derwent/v1/dsse.pb.h"

namespace derwent::cli {

// Serialises `message` and signs exactly those octets (DSSE) with a private key file of mode 0600.
// Errors: kInvalidArgument the key file is missing, open to others or no P-256 key.
absl::StatusOr<v1::DsseEnvelope> SignWithFile(absl::string_view payload_type, const google::protobuf::Message& message,
                                              const std::string& key_file);

}  // namespace derwent::cli
