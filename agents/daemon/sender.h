#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context.h"
#include "agents/daemon/evidence.h"
#include "agents/daemon/upkeep.h"
#include "agents/sdk/decide.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// Makes shares of referrals and sends them. Thread-safe; one share is submitted by one thread at a time.
class Sender {
 public:
  Sender(const AgentContext& context, Evidence& evidence, Upkeep& upkeep)
      : context_(context), evidence_(evidence), upkeep_(upkeep) {}

  // Decides, minimises, seals, keeps the finished packages, then sends them once; what the broker does not answer stays
  // `QUEUED` and is sent again, the same bytes. The same reference with the same request gives what became of it.
  // With `validate_only` it says what would be sent and keeps nothing.
  // Errors: kInvalidArgument with every violation; kAborted `REQUEST_ID_REUSED`; kPermissionDenied `ROLE_NOT_ENTITLED`;
  // kUnavailable the broker does not answer the plan; kFailedPrecondition `POLICY_MISSING`, `CLOCK_SKEWED`.
  absl::StatusOr<v1::PushReferralResponse> Push(const v1::PushReferralRequest& request);

  // Sends every share that waits. Error: kUnavailable when the broker does not answer.
  absl::Status Drain();

 private:
  absl::StatusOr<v1::PushReferralResponse> Preview(const std::vector<ReferralDraft>& drafts);
  // A share decided and, unless it is refused, sealed.
  struct Prepared {
    OutboxRow row;
    v1::ShareOutcome outcome;
  };
  absl::StatusOr<std::vector<ReferralDraft>> Drafts(const v1::PushReferralRequest& request);
  absl::StatusOr<v1::PlanReferralResponse> Plan(const ReferralDraft& draft,
                                                std::shared_ptr<const PolicyCache::View>& view);
  absl::StatusOr<Prepared> Prepare(const ReferralDraft& draft, bool seal);
  absl::Status Seal(const ReferralDraft& draft, const HolderDecision& decision, const PolicyCache::View& view,
                    absl::Time now, OutboxRow& row);
  absl::Status Submit(const OutboxRow& row);
  absl::Status TakeReceipts(const v1::SubmitReferralRequest& request, const v1::SubmitReferralResponse& response);
  absl::StatusOr<v1::PushReferralResponse> Outcomes(const std::string& referral_ref);

  const AgentContext& context_;
  Evidence& evidence_;
  Upkeep& upkeep_;
  Mutex pushing_;     // One push at a time: a reference is taken once.
  Mutex submitting_;  // One submission at a time: resends never race.
};

}  // namespace derwent::agents
