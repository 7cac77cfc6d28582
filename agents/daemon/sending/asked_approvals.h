#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/state/request_state.h"
#include "derwent/v1/agent.pb.h"
#include "derwent/v1/approval.pb.h"

// Approvals that this agency asked for: of what a request asks of it, or of what it would send itself.
namespace derwent::agents {

// What somebody who is asked to approve sees, and why it is wanted.
struct ApprovalPreview {
  std::vector<v1::OpenedUnit> units;
  std::string justification;
};

// Puts a question to whoever holds a panel's role at another agency, through the broker; asked again it is the same
// question. Error: kUnavailable the broker does not answer. Where nobody can be asked it lapses.
absl::Status AskElsewhere(const ApprovalRow& approval, const AgentContext& context, RequestState& requests);

// Takes what a person signed about `approval`: checks it, keeps it, once, and logs who said it. `wanted_by` wants the
// release and may not agree to it. Errors: of CheckApproval; kFailedPrecondition it was decided before.
absl::Status TakeSigned(const v1::SignedApproval& signed_approval, const ApprovalRow& approval,
                        const std::string& wanted_by, const AgentContext& context, RequestState& requests);

// Nobody can answer any more what was asked about a request or share.
absl::Status LapseAll(const std::string& share_id, RequestState& requests);

}  // namespace derwent::agents
