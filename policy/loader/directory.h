#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "derwent/v1/register.pb.h"
#include "policy/engine/model.h"

namespace derwent::policy {

inline constexpr char kDirectoryType[] = "application/vnd.derwent.directory.v1+protobuf";

// A directory's entries for the engine. Errors: kInvalidArgument naming field and rule, all at once in the message.
absl::StatusOr<std::vector<DirectoryEntry>> CompileDirectory(const v1::Directory& directory, const Policy& policy);

}  // namespace derwent::policy
