#pragma once

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

#include "policy/loader/problem.h"

namespace derwent::policy {

enum class TextRead { kWhole, kButForUnknownFields, kBroken };

// Parses `files[path]` as the text form of `message`. Every unknown field, with the known one that is nearest, and the
// first other syntax error become problems with file and line; so does a missing file. Only kWhole is no error.
TextRead ReadText(const Files& files, absl::string_view path, google::protobuf::Message& message, Problems& problems);
// Whether it is whole.
bool ParseText(const Files& files, absl::string_view path, google::protobuf::Message& message, Problems& problems);

}  // namespace derwent::policy
