#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "derwent/v1/approval.pb.h"

namespace derwent::exchange {

inline constexpr int kMostApprovals = 64;

// An approval whose signer is who it says, without any look at policy or state.
struct CheckedApproval {
  v1::ApprovalCommand command;
  trust::Chain chain;                            // Of the signer's certificate.
  const v1::SignedApproval* approval = nullptr;  // Borrowed from the request.
};

// Reads an approval and verifies it: form, a person's certificate of the consortium that counts at `now`, the signature
// over the exact bytes by its key, and that the person named is the certificate's. Done on a worker. Error:
// kFailedPrecondition `APPROVAL_NOT_VALID`.
absl::StatusOr<CheckedApproval> CheckApproval(const v1::SignedApproval& approval, const World& world, absl::Time now);

// Whether units are 1 to 64, sorted, each a category once and a form of the policy.
bool AreApprovable(const google::protobuf::RepeatedPtrField<v1::ApprovedUnit>& units, const policy::Policy& policy);
// Whether it is a code of a refusal (approval.proto).
bool IsRefusalReason(absl::string_view reason);

// Whether two commands ask for the same: all but who signs, what they say and when.
bool SameProposal(const v1::ApprovalCommand& a, const v1::ApprovalCommand& b);

}  // namespace derwent::exchange
