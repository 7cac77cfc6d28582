#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/world.h"
#include "broker/exchange/share/approval_check.h"
#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/referral.pb.h"
#include "trust/base/digest.h"

namespace derwent::exchange {

// One recipient's package after it was read and checked, without any look at policy or state.
struct CheckedPackage {
  v1::Manifest manifest;
  v1::SenderStatement statement;
  Sha256Digest manifest_digest;
  const v1::Submission* submission = nullptr;  // Borrowed from the request.
};

// A share ready to be decided.
struct CheckedShare {
  std::vector<CheckedPackage> packages;                  // At least one; an answer has exactly one.
  std::vector<const v1::SubjectReferences*> references;  // Borrowed from the request.
  std::vector<CheckedApproval> approvals;                // With any, a referral has one package of one subject.
  Sha256Digest digest;  // Over the manifests' payloads and the statements: what makes two submissions the same.
};

// Reads and checks a share: form, limits, digests, what its kind asks for, then one signature a manifest and approval.
// Done on a worker, before the writer. Errors: kInvalidArgument with all violations; kFailedPrecondition
// `SIGNATURE_INVALID`, `KEY_NOT_CERTIFIED`, `APPROVAL_NOT_VALID`.
absl::StatusOr<CheckedShare> CheckShare(const Caller& caller, const v1::SubmitReferralRequest& request,
                                        const World& world, absl::Time now);
absl::StatusOr<CheckedShare> CheckShare(const Caller& caller, const v1::SubmitCaseRequestRequest& request,
                                        const World& world, absl::Time now);
absl::StatusOr<CheckedShare> CheckShare(const Caller& caller, const v1::SubmitCaseAnswerRequest& request,
                                        const World& world, absl::Time now);

// The sender's clock agrees with the broker's and nothing has expired. Asked of a new share only: one that was answered
// gets its first answer whenever its stored bytes are sent again. Error: kInvalidArgument with all violations.
absl::Status CheckTimes(const CheckedShare& share, const Limits& limits, absl::Time now);

}  // namespace derwent::exchange
