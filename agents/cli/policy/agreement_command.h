#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy agreement`.
void AddAgreementCommand(CLI::App& policy, int& exit_code);

}  // namespace derwent::cli
