#pragma once

#include "absl/strings/string_view.h"

#include "agents/sdk/draft.h"

namespace derwent::agents {

// What protobuf's JSON parser complains of: the field's path where it names one, and the rule. The values that it
// quotes, which may be personal data, are left out. Pure.
FieldProblem JsonProblem(absl::string_view complaint);

}  // namespace derwent::agents
