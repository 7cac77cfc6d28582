#pragma once

#include <string>

#include "policy/engine/decision.h"

namespace derwent::cli {

// A decision in sentences, as a record of decision that a data protection officer can file.
std::string Explain(const policy::DecisionRequest& request, const policy::Decision& decision, absl::string_view digest);

}  // namespace derwent::cli
