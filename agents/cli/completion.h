#pragma once

#include <ostream>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Writes a completion script of the whole tree for `shell` (`bash`, `zsh` or `fish`): commands, then long options; file
// names where neither fits. Error: kInvalidArgument for another shell.
absl::Status WriteCompletion(const CLI::App& app, absl::string_view shell, std::ostream& out);

}  // namespace derwent::cli
