#pragma once

#include "CLI/CLI.hpp"
#include "agents/cli/session/session.h"

namespace derwent::cli {

// `hold` and `erase` below `derwent ledger`: commands about entries that a person signs with their own key.
void AddErasureCommands(CLI::App& ledger, Session& session);

}  // namespace derwent::cli
