#pragma once

#include <memory>

#include "CLI/CLI.hpp"
#include "agents/cli/session/session.h"

namespace derwent::cli {

// Adds `approve` and `refuse` to `request`.
void AddApprovalCommands(CLI::App& request, Session& session);

// What waits for the person's approval.
absl::StatusOr<int> ListApprovals(Client& client, Format format);
// One of them, with the content where it is the agency's own.
absl::StatusOr<int> ShowApproval(Client& client, const std::string& id, Format format);

}  // namespace derwent::cli
