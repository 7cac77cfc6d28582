#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace derwent::cli {

// Nothing speaks against it, and something that makes it final is still to come: exit code 9.
absl::Status Pending(absl::string_view why);
bool IsPending(const absl::Status& status);

}  // namespace derwent::cli
