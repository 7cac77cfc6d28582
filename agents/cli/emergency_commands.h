#pragma once

#include "agents/cli/commands.h"

namespace derwent::cli {

void AddEmergencyCommands(CLI::App& app, Session& session);

}  // namespace derwent::cli
