#pragma once

#include <string>
#include <vector>

#include "policy/space/flows.h"

namespace derwent::cli {

// Receivers down, categories across, each cell with the most that the receiver can get: an SVG that needs no script and
// reads without colour.
std::string FlowMatrix(const std::vector<policy::Flow>& flows, const std::string& title);

}  // namespace derwent::cli
