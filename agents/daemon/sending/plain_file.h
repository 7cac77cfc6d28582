#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace derwent::agents {

// Whether a name in a folder that others write is a plain file: a link may lead anywhere, a pipe may never end.
bool IsPlainFile(const std::string& path);

// Reads such a file: never through a link in its own name, never waiting for a pipe. Errors: kInvalidArgument no plain
// file, or over `limit` octets; others of the system.
absl::StatusOr<std::string> ReadPlainFile(const std::string& path, size_t limit);

}  // namespace derwent::agents
