#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "agents/sdk/draft.h"

namespace derwent::agents {

// A failure as api.md section 2 has it: google.rpc.Status with one ErrorInfo (domain `derwent`) and, where there are
// any, every field that breaks a rule; what goes over the 4 KiB that a header can carry is counted in one last problem
// of no field. Readable with DescribeRpcError, passed on to callers unchanged.
absl::Status Fault(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   const std::vector<FieldProblem>& problems = {});

// True when the same call may pass later: the broker is absent, slow or full.
bool WorthRetrying(const absl::Status& status);

// Serialised google.rpc.Status of a failure; empty when it carries none.
std::string FaultDetails(const absl::Status& status);

}  // namespace derwent::agents
