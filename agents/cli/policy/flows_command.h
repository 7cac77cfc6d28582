#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy flows`.
void AddFlowsCommand(CLI::App& policy, const std::string& output, int& exit_code);

}  // namespace derwent::cli
