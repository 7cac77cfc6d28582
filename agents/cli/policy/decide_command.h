#pragma once

#include <CLI/CLI.hpp>

namespace derwent::cli {

// `decide`, whole or as AuthZEN has it, and `explain`.
void AddDecideCommands(CLI::App& policy, const std::string& output, int& exit_code);

}  // namespace derwent::cli
