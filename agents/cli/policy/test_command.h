#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy test`.
void AddTestCommand(CLI::App& policy, int& exit_code);

}  // namespace derwent::cli
