#pragma once

#include "absl/status/status.h"

namespace derwent::cli {

// Exit codes every command keeps to.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitRefused = 3;
inline constexpr int kExitNotEntitled = 4;
inline constexpr int kExitNotFound = 5;
inline constexpr int kExitConflict = 6;
inline constexpr int kExitUnavailable = 7;
inline constexpr int kExitTampered = 8;
inline constexpr int kExitPartial = 9;

int ExitCodeOf(const absl::Status& status);
// Says on stderr what failed, why, what next and the correlation id, every field violation on a line; returns the exit
// code.
int ReportFailure(const absl::Status& status);

}  // namespace derwent::cli
