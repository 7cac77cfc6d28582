#pragma once

#include <string>
#include <vector>

#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// Agencies that a share went to, sorted.
std::vector<std::string> RecipientsIn(const v1::ShareOutcome& outcome);

}  // namespace derwent::agents
