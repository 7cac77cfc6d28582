#pragma once

#include <string>
#include <vector>

namespace derwent::cli {

// Runs one command of `derwent`; `arguments` without the program's name. Data go to standard output, messages to
// standard error. Returns the exit code (exit_code.h). Nothing is ever asked of the user.
int RunDerwent(const std::vector<std::string>& arguments);

}  // namespace derwent::cli
