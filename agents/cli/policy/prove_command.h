#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy prove`.
void AddProveCommand(CLI::App& policy, int& exit_code);

}  // namespace derwent::cli
