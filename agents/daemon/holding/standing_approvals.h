#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "agents/daemon/state/request_state.h"
#include "agents/sdk/answer.h"
#include "derwent/v1/approval.pb.h"
#include "derwent/v1/case_request.pb.h"
#include "trust/secret/random.h"

// What the approvals of one request say about its lines. An approval asked under another policy counts no longer.
namespace derwent::agents {

// What was said so far; refused when it lapsed or the approver left the unit out.
Verdicts VerdictsOf(const std::vector<ApprovalRow>& approvals, const std::string& policy_digest);

// Approvals that lines of `decision` need and that were not asked for yet. Lines that need the same roles are asked
// together: an approval is used once, so that what it covers must go out together.
std::vector<ApprovalRow> ApprovalsMissing(const Inquiry& inquiry, const AnswerDecision& decision,
                                          const std::vector<ApprovalRow>& approvals, const std::string& policy_digest,
                                          absl::Time due, trust::Random& random);

// Takes out approvals that no longer cover exactly what would go out: facts changed since, and it must be asked again.
void DropStale(const AnswerDecision& decision, const std::string& policy_digest, std::vector<ApprovalRow>& approvals);

// The approvals that the units of a reply rest on.
std::vector<v1::SignedApproval> ApprovalsFor(const PackageRecipient& reply, const std::vector<ApprovalRow>& approvals,
                                             const std::string& policy_digest);

// What the holder's own people refused or left until it lapsed: for the ledger (`SubmitCaseAnswerRequest.declined`). A
// role that another agency's person may hold is not among them: the broker carried that answer.
std::vector<v1::DeclinedApproval> DeclinedOf(const std::vector<ApprovalRow>& approvals, const policy::Policy& policy);

}  // namespace derwent::agents
