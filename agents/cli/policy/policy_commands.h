#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace derwent::cli {

// Adds `policy check|decide|explain|test|prove|diff|flows|agreement|manifest|sign|suspend|end|remove-party`. When one
// of them runs, `exit_code` is set (0 done or permitted, 1 failed or something opens, 2 bad input, 3 refused, 9 partial
// or pending). None needs a broker. `output`: the application's own `-o`, read when a command runs; `check`, `decide`
// and `flows` heed it, where none of their own is given.
void AddPolicyCommands(CLI::App& app, const std::string& output, int& exit_code);

}  // namespace derwent::cli
