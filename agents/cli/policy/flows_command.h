#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy flows`.
void AddFlowsCommand(CLI::App& policy, int& exit_code);

}  // namespace derwent::cli
