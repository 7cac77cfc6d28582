#pragma once

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

#include "policy/loader/problem.h"

namespace derwent::policy {

// Parses `files[path]` as the text form of `message`. Every syntax error becomes a problem with file and line.
// False when the file is missing or has an error.
bool ParseText(const Files& files, absl::string_view path, google::protobuf::Message& message, Problems& problems);

}  // namespace derwent::policy
