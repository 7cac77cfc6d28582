#pragma once

#include "agents/cli/session/session.h"

namespace derwent::cli {

// Into the subcommand `policy`, which is there already.
void AddPolicyChangeCommands(CLI::App& app, Session& session);

}  // namespace derwent::cli
