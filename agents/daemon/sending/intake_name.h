#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace derwent::agents {

// What a file of the hand-over must be called: UTF-8, of 200 octets at most, so that the names of its result and of its
// rejected rows fit beside it.
inline constexpr size_t kMaxIntakeName = 200;
inline constexpr absl::string_view kIntakeNameRule = "the file's name must be UTF-8 and have 200 octets at most";

// What lies beside a file that was handled.
inline constexpr absl::string_view kResultEnding = ".result.json";
inline constexpr absl::string_view kRejectsEnding = ".rejects.csv";

// What a file is called from when it is taken until it is put away: `name`, or `2-name`, `3-name`, … where `taken/`,
// `done/` or `failed/` hold something of that name, so that no file and no result ever replaces an earlier one. A name
// that breaks the rule gives way to `file.misnamed`.
std::string NameToTake(const std::string& folder, const std::string& name);

bool IsIntakeName(absl::string_view name);
// The file was called something that breaks the rule before it was taken.
bool WasMisnamed(absl::string_view taken_name);

}  // namespace derwent::agents
