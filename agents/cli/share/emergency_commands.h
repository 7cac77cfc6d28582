#pragma once

#include "agents/cli/session/session.h"

namespace derwent::cli {

void AddEmergencyCommands(CLI::App& app, Session& session);

}  // namespace derwent::cli
