#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "CLI/CLI.hpp"

namespace derwent::cli {

// The candidate nearest to `given` by edits (insert, delete, replace, swap of neighbours), if it is near enough to be
// meant: at most a third of its length and at most 3. The first of equals.
std::optional<std::string> Nearest(absl::string_view given, const std::vector<std::string>& candidates);

// The first word of `arguments` that is no command or option of the tree under `app`, as a sentence:
// "`legder` is no command of `derwent`; did you mean `ledger`?"; empty when every word is known. Words after an option
// that takes a value are its value; so are positional ones.
std::string ExplainTypo(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace derwent::cli
