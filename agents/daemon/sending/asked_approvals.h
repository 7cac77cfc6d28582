#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/state/request_state.h"
#include "derwent/v1/agent.pb.h"
#include "derwent/v1/approval.pb.h"
#include "policy/engine/model.h"

// Approvals that this agency asked for: of what a request asks of it, or of what it would send itself.
namespace derwent::agents {

// What somebody who is asked to approve sees, and why it is wanted.
struct ApprovalPreview {
  std::vector<v1::OpenedUnit> units;
  std::string justification;
};

// When a question is put again that the broker did not take.
inline constexpr absl::Duration kAskAgain = absl::Minutes(15);
// Puts a question to whoever holds a panel's role at another agency, through the broker; asked again it is the same
// question. One that the broker does not take stays unsent (`APPROVER_NOT_ASKED`), but for one about an earlier policy:
// what that asks is decided afresh. Error: kUnavailable the broker does not answer.
absl::Status AskElsewhere(ApprovalRow& approval, const AgentContext& context, RequestState& requests);
// When something is to be done about the next of those that wait: one unsent is put again, one lapses; or `otherwise`.
absl::Time NextDue(const std::vector<ApprovalRow>& approvals, const policy::Policy& policy, absl::Time now,
                   absl::Time otherwise);

// Takes what a person signed about `approval`: checks it, keeps it, once, and logs who said it. `wanted_by` wants the
// release and may not agree to it. Errors: of CheckApproval; kFailedPrecondition it was decided before.
absl::Status TakeSigned(const v1::SignedApproval& signed_approval, const ApprovalRow& approval,
                        const std::string& wanted_by, const AgentContext& context, RequestState& requests);

// Nobody can answer any more what was asked about a request or share.
absl::Status LapseAll(const std::string& share_id, RequestState& requests);

}  // namespace derwent::agents
