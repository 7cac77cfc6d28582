#pragma once

#include "absl/status/statusor.h"

#include "derwent/v1/register.pb.h"
#include "policy/engine/model.h"

namespace derwent::policy {

inline constexpr char kDirectoryType[] = "application/vnd.derwent.directory.v1+protobuf";

// A directory for the engine. Errors: kInvalidArgument naming field and rule, all at once in the message: words that
// the policy has not; a role of a board that is held for none; an appointment to what the agency does not own, or to a
// role that no board's owner appoints to.
absl::StatusOr<Directory> CompileDirectory(const v1::Directory& directory, const Policy& policy);

}  // namespace derwent::policy
