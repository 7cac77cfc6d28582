#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/query_entry.h"
#include "broker/exchange/governance/policy_check.h"
#include "derwent/v1/policy_change.pb.h"

// Changing the policy: read and checked on a worker (Read…), decided and entered on the writer.

namespace derwent::exchange {

// A proposal as it was read: the bundle with all that stands against it.
struct ReadProposal {
  CheckedPolicy checked;
  v1::PolicyAction action = v1::POLICY_ACTION_ACTIVATE;
};
// Errors: kInvalidArgument with all violations; kFailedPrecondition `NOTHING_BEFORE` there is no revision to go back
// to.
absl::StatusOr<ReadProposal> ReadProposalOf(const v1::ProposePolicyRequest& request, const World& world, absl::Time now,
                                            store::Reader& reader);
absl::Status ProposePolicy(const Caller& caller, const v1::ProposePolicyRequest& request, const ReadProposal& proposal,
                           v1::PolicyChange& response, Batch& batch);

// An activation as it was read: the draft's bundle with the activation in it, checked again.
struct ReadActivation {
  uint64_t revision = 0;
  CheckedPolicy checked;
};
// Errors: kInvalidArgument with all violations; kPermissionDenied `ROLE_NOT_ENTITLED` signed by another than the
// caller; kNotFound `REVISION_UNKNOWN`.
absl::StatusOr<ReadActivation> ReadActivationOf(const Caller& caller, const v1::ActivatePolicyRequest& request,
                                                const World& world, absl::Time now, store::Reader& reader);
absl::Status ActivatePolicy(const Caller& caller, const v1::ActivatePolicyRequest& request,
                            const ReadActivation& activation, v1::PolicyChange& response, Batch& batch);

absl::StatusOr<v1::ListPolicyRevisionsResponse> ListPolicyRevisions(store::Reader& reader);

// The look that ShadowPolicy is.
Look LookOf(const v1::ShadowPolicyRequest& request);
// What the draft would have changed, in at most some 20,000 entries of the ledger; counted are those that the caller's
// agency is party to. Errors: kNotFound `REVISION_UNKNOWN`; kFailedPrecondition `SIGNATURE_INVALID` the draft is no
// longer good.
absl::StatusOr<v1::ShadowPolicyResponse> ShadowPolicy(const Caller& caller, const v1::ShadowPolicyRequest& request,
                                                      const World& world, absl::Time now, store::Reader& reader);

}  // namespace derwent::exchange
