#pragma once

#include <string>
#include <vector>

#include "policy/engine/decision.h"
#include "policy/loader/alternatives.h"

namespace derwent::cli {

// A decision in sentences, as a record of decision that a data protection officer can file, with what is permitted
// nearest to what is refused.
std::string Explain(const policy::DecisionRequest& request, const policy::Decision& decision,
                    const std::vector<policy::Alternative>& nearest, absl::string_view digest);

// What an asker may be told, in sentences.
std::string ExplainToAsker(const v1::DecisionForAsker& told);

}  // namespace derwent::cli
