#pragma once

#include "absl/strings/string_view.h"

#include "policy/engine/model.h"
#include "policy/engine/request.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// Every name in a question that the policy does not know, with the nearest that it does. The engine would deny such a
// question and could not say why; who asks with a file is told here. `file`: the question's, among those of `problems`.
void CheckNames(absl::string_view file, const DecisionRequest& question, const Policy& policy, Problems& problems);

}  // namespace derwent::policy
