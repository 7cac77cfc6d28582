#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/share/approval_check.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/package_check.h"
#include "broker/exchange/share/stored.h"
#include "derwent/v1/case_request.pb.h"

namespace derwent::exchange {

// What approvals are about: a request, whose answers they let out, or a referral that waited for them.
struct Release {
  std::string share_id;          // That every approval names.
  std::string wanted_by_agency;  // Who asked for it or sends it, and so may not agree to it.
  std::string wanted_by_person;
  std::string recipient_agency;
  bool existence_sensitive = false;
  std::string board;
  std::string area;
  std::string originator;    // Agency that is asked about what goes onward; empty: nothing does.
  bool keeps_steps = false;  // Of its approvals, to be entered with the answer (approval_steps.h).
};
Release ReleaseOf(const StoredPart& request);
Release ReleaseOf(const CheckedPackage& referral);
// A referral that its sender holds back until the question is answered.
Release ReleaseOf(const v1::ApprovalQuestion& question, const World& world);

// What the approvals of a share let out, and why one of them does not count.
struct CountedApprovals {
  Approved approved;
  Objections why_not;
};
// Judges approvals under the world as it is: for this release, holder, recipient and policy, of the units of
// `manifest`, not lapsed, not used before, by somebody who holds the role today, whose certificate is not revoked and
// who does not want it. Objections: `APPROVAL_NOT_VALID`, `SELF_APPROVAL_FORBIDDEN`.
absl::StatusOr<CountedApprovals> CountApprovals(const std::vector<CheckedApproval>& approvals,
                                                const v1::Manifest& manifest, const Release& release, Batch& batch);

// Marks the approvals of a stored share as used and enters that, for the holder alone. An existence-sensitive answer
// always makes this one entry, with the steps that were kept for it: how many there are is nobody else's business.
absl::Status UseApprovals(const CheckedShare& share, const Release& release, Batch& batch);
// The same of an answer, with what the holder's own people declined: an entry each, or where existence is secret within
// the one entry. What was entered before is not again, and no unit rests on it any more.
absl::Status UseApprovals(const CheckedShare& share, const std::vector<v1::DeclinedApproval>& declined,
                          const Release& release, Batch& batch);
// Enters the steps that were kept of a request where existence is secret and whose time is over: one entry for its
// holder, whether there were any or none, answered or not.
absl::Status EnterKeptSteps(const StoredPart& request, Batch& batch);

// Whether an approval's signer, period and policy count now. Who wants the release is told apart; where existence is
// secret nobody of the recipient's agency counts either.
enum class SignerVerdict { kCounts, kNotValid, kSelf };
SignerVerdict JudgeSigner(const CheckedApproval& approval, const Release& release, const Batch& batch);

// The working days a question for an approval may wait.
inline constexpr int kApprovalWorkingDays = 5;

}  // namespace derwent::exchange
