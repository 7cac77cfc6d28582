#pragma once

#include "CLI/CLI.hpp"
#include "agents/cli/session/session.h"

namespace derwent::cli {

// `derwent rights …`. Borrows both while the command line is parsed and run.
void AddRightsCommands(CLI::App& app, Session& session);

}  // namespace derwent::cli
