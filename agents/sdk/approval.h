#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "agents/sdk/anchors.h"
#include "agents/sdk/draft.h"
#include "agents/sdk/inquiry.h"
#include "derwent/v1/approval.pb.h"
#include "policy/engine/model.h"

namespace derwent::agents {

// Working days in which an approval must be given (domain decision 5).
inline constexpr int kApprovalWorkingDays = 5;

// Until when an approval asked at `asked` is waited for: the last second of the fifth working day after it in London,
// or the request's own deadline when that comes first.
absl::Time ApprovalDue(const policy::Policy& policy, absl::Time asked, absl::Time request_expires);

// Until when somebody may be waited for whose silence is told as a refusal to a request that ends at `request_expires`:
// an hour before, or the last twentieth of the time there is; of what is short a quarter at most.
absl::Time LastSay(absl::Time asked, absl::Time request_expires);

// True for a role that another agency's person may hold for this request: a panel's, appointed by its board's owner
// too.
bool IsPanelRole(const policy::Policy& policy, const std::string& role);
// Whether others than the holder's own people are asked: of a panel, or the originator of what goes onward.
bool IsAskedElsewhere(const policy::Policy& policy, const std::string& role);

// What `role` is asked: the lines of `decision` that wait for it, without their content.
v1::ApprovalQuestion QuestionFor(const Inquiry& inquiry, const AnswerDecision& decision, const std::string& role,
                                 const std::string& approval_id, const std::string& policy_digest, absl::Time due);

// Likewise of a referral that waits as `share_id`, with one subject and one recipient; `units` are sorted.
v1::ApprovalQuestion QuestionFor(const ReferralDraft& draft, const std::string& share_id,
                                 const std::vector<v1::ApprovedUnit>& units, const std::string& role,
                                 const std::string& approval_id, const std::string& policy_digest, absl::Time due);

// The command of a signed approval if it answers `question`: signed by a person's certificate of the consortium that
// counts today, who holds the role today, is not `wanted_by`, nor of the recipient's agency where existence is secret,
// and says no more than was asked. Errors: kFailedPrecondition why it does not count; kPermissionDenied it is of
// who wants the release.
absl::StatusOr<v1::ApprovalCommand> CheckApproval(const v1::SignedApproval& approval,
                                                  const v1::ApprovalQuestion& question, const std::string& wanted_by,
                                                  const TrustAnchors& anchors, const policy::Snapshot& snapshot,
                                                  absl::Time now);

// Codes of a refusal.
absl::Span<const absl::string_view> RefusalReasons();
bool IsRefusalReason(absl::string_view reason);
// Gateways that lift confidence, as the ground of an agreement.
absl::Span<const absl::string_view> ConfidenceGrounds();

}  // namespace derwent::agents
