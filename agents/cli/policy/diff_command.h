#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy diff`.
void AddDiffCommand(CLI::App& policy, int& exit_code);

}  // namespace derwent::cli
