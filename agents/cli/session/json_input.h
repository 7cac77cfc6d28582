#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace derwent::cli {

// Reads a message in ProtoJSON from a file of 16 MiB at most, `-` for standard input. Error: kInvalidArgument naming
// the place and the rule, never a value: it may be personal.
absl::Status ReadJson(const std::string& path, google::protobuf::Message& message);

}  // namespace derwent::cli
