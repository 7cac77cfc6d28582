#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/cli/policy/offline.h"

namespace derwent::cli {

// Exit codes of `derwent policy`, as in agents/cli/exit_code.h.
inline constexpr int kPolicyDone = 0;
inline constexpr int kPolicyFailed = 1;
inline constexpr int kPolicyBadInput = 2;
inline constexpr int kPolicyRefused = 3;
inline constexpr int kPolicyPartial = 9;

// Says on standard error what went wrong; returns `code`.
int FailPolicy(const absl::Status& status, int code = kPolicyBadInput);

// The bundle; its problems on standard error when it has errors. Errors: kNotFound; kInvalidArgument.
absl::StatusOr<OfflinePolicy> GoodPolicy(const std::string& directory);

// A file of at most 1 MiB; `-`: standard input.
absl::StatusOr<std::string> ReadInput(const std::string& path);

// Writes a file, `-`: standard output. Error: kUnavailable.
absl::Status WriteOutput(const std::string& path, absl::string_view content);

}  // namespace derwent::cli
