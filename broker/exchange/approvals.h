#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/approval_check.h"
#include "broker/exchange/decide.h"
#include "broker/exchange/package_check.h"
#include "broker/exchange/rules.h"

namespace derwent::exchange {

// What the approvals of an answer let out, and why one of them does not count.
struct CountedApprovals {
  Approved approved;
  Objections why_not;
};
// Judges approvals under the world as it is: for this request, holder, recipient and policy, of these units, not
// lapsed, not used before, by somebody who holds the role today, whose certificate is not revoked and who did not ask.
// Objections: `APPROVAL_NOT_VALID`, `SELF_APPROVAL_FORBIDDEN`.
absl::StatusOr<CountedApprovals> CountApprovals(const std::vector<CheckedApproval>& approvals,
                                                const v1::Manifest& answer, const StoredPart& request, Batch& batch);

// Marks the approvals of a stored answer as used and enters that, for the holder alone. An existence-sensitive answer
// always makes this one entry: how many approvals it rests on is nobody else's business.
absl::Status UseApprovals(const CheckedShare& share, const StoredPart& request, Batch& batch);

// Whether an approval's signer, period and policy count now. The asker's own is told apart; where existence is secret
// a colleague's does not count either.
enum class SignerVerdict { kCounts, kNotValid, kSelf };
SignerVerdict JudgeSigner(const CheckedApproval& approval, const StoredPart& request, const Batch& batch);

// The working days a question for an approval may wait.
inline constexpr int kApprovalWorkingDays = 5;

}  // namespace derwent::exchange
