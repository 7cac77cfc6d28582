#pragma once

#include "absl/status/statusor.h"

#include "derwent/v1/register.pb.h"
#include "policy/engine/model.h"

namespace derwent::policy {

// A directory as it stands under a policy that may have changed since: what it says of a board that is gone, or that
// its agency owns no longer, counts for nothing (RoleHeld), and all else stands. Error: kInvalidArgument naming field
// and rule, all at once in the message: a role, area, agency or day that the policy has not.
absl::StatusOr<Directory> CompileDirectory(const v1::Directory& directory, const Policy& policy);

// A directory that is to be in force. Errors: likewise; also a board that is none, a role of a board that is held for
// none, an appointment to what the agency does not own, or to a role that no board's owner appoints to.
absl::StatusOr<Directory> CheckDirectory(const v1::Directory& directory, const Policy& policy);

}  // namespace derwent::policy
