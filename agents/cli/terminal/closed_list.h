#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Takes only one of `codes` as the option's value. Anything else is a wrong command, answered with what is allowed and,
// where one is near enough, what was meant. The codes follow the option's description in its help.
CLI::Option* FromList(CLI::Option* option, absl::Span<const absl::string_view> codes);

}  // namespace derwent::cli
