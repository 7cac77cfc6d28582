#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

#include "agents/sdk/draft.h"

namespace derwent::agents {

// What protobuf's JSON parser complains of: the field's path where it names one, and the rule. The values that it
// quotes, which may be personal data, are left out. Pure.
FieldProblem JsonProblem(absl::string_view complaint);

// The members of a ProtoJSON text that `message` does not have, by their paths; protobuf's parser names one alone. The
// first 50; empty when `json` is not JSON. Pure.
std::vector<FieldProblem> UnknownMembers(absl::string_view json, const google::protobuf::Descriptor& message);

}  // namespace derwent::agents
