#pragma once

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy check|decide|explain|test|prove|diff|flows|agreement|manifest|sign|suspend|end|remove-party`. When one
// of them runs, `exit_code` is set (0 done or permitted, 1 failed or something opens, 2 bad input, 3 refused, 9 partial
// or pending). None needs a broker.
void AddPolicyCommands(CLI::App& app, int& exit_code);

}  // namespace derwent::cli
