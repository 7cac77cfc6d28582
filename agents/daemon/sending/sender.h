#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/evidence/upkeep.h"
#include "agents/daemon/sending/postman.h"
#include "agents/daemon/sending/split_shares.h"
#include "agents/sdk/decide.h"
#include "agents/sdk/draft.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// Makes shares of referrals and sends them. Thread-safe; one share is submitted by one thread at a time.
class Sender {
 public:
  Sender(const AgentContext& context, Evidence& evidence, Upkeep& upkeep, Postman& postman)
      : context_(context), evidence_(evidence), upkeep_(upkeep), postman_(postman) {}

  // Decides, minimises, seals, keeps the finished packages, then sends them once; what the broker does not answer stays
  // `QUEUED` and is sent again, the same bytes. What waits for somebody's agreement is kept as shares of their own,
  // `PENDING` (held_back.h). The same reference with the same request gives what became of it.
  // With `validate_only` it says what would be sent and keeps nothing.
  // Errors: kInvalidArgument with every violation; kAborted `REQUEST_ID_REUSED`; kPermissionDenied `ROLE_NOT_ENTITLED`;
  // kUnavailable the broker does not answer the plan; kFailedPrecondition `POLICY_MISSING`, `CLOCK_SKEWED`.
  absl::StatusOr<v1::PushReferralResponse> Push(const v1::PushReferralRequest& request);

  // Sends every share that waits; none while releases are stopped. Error: kUnavailable when the broker does not answer.
  absl::Status Drain();

  // What both sides decide about a draft, and the policy they decided under.
  struct Decided {
    HolderDecision decision;
    std::shared_ptr<const PolicyCache::View> view;
    absl::Time time;
  };
  // Errors: kUnavailable the broker does not answer; of DecideAsHolder.
  absl::StatusOr<Decided> Decide(const ReferralDraft& draft, const Agreed& agreed);

  // Seals and sends what was held back, with the approvals it rests on. Errors: as Push; what the broker does not
  // answer stays `QUEUED`.
  absl::Status Release(const std::string& share_id, const ReferralDraft& draft, const Decided& decided,
                       const std::vector<v1::SignedApproval>& approvals);
  // Sends a share that is `QUEUED` once more.
  absl::Status Resume(const std::string& share_id) { return Send(share_id); }

 private:
  // What a referral makes: a share of each draft; what its person said is not to be made.
  struct Meant {
    std::vector<ReferralDraft> drafts;
    std::vector<v1::ShareOutcome> not_made;
  };
  absl::StatusOr<v1::PushReferralResponse> Preview(const Meant& meant);
  // The shares of a draft: what goes now, then what waits.
  struct Prepared {
    std::vector<OutboxRow> shares;
    std::vector<HeldBackRow> held_back;
  };
  absl::StatusOr<Meant> Drafts(const v1::PushReferralRequest& request);
  absl::StatusOr<v1::PlanReferralResponse> Plan(const ReferralDraft& draft,
                                                std::shared_ptr<const PolicyCache::View>& view);
  absl::StatusOr<Prepared> Prepare(const ReferralDraft& draft);
  // The share that goes now; those that wait.
  absl::StatusOr<OutboxRow> PrepareNow(const std::string& share_id, const ReferralDraft& draft, const Decided& decided,
                                       const SplitOutcomes& split);
  absl::Status PrepareWaiting(const ReferralDraft& draft, const Decided& decided, const SplitOutcomes& split,
                              Prepared& prepared);
  absl::Status Seal(const ReferralDraft& draft, const Decided& decided, const std::string& adds_to,
                    const std::vector<v1::SignedApproval>& approvals, OutboxRow& row);
  // The share that went before to the draft's only recipient, of the same referral; empty: none.
  absl::StatusOr<std::string> WentBefore(const OutboxRow& row, const ReferralDraft& draft);
  // Submits a share that is `QUEUED`; one that took no effect is planned again and submitted once more.
  absl::Status Send(const std::string& share_id);
  absl::Status Submit(const std::string& share_id);
  // The broker, or this agent itself, does not take it, now or later.
  absl::Status NotTaken(const std::string& share_id, v1::ShareOutcome outcome, const absl::Status& why);
  // Whether a share that was refused for `reason` took no effect and may be planned once more.
  absl::StatusOr<bool> MayPlanAgain(const std::string& share_id, absl::string_view reason);
  // Decides afresh, under the policy in force, what awaits it: same share, never what somebody must agree to. True: it
  // is to be sent. What may not go any more ends as `REFUSED`. Errors: of Decide, worth trying again; of the state.
  absl::StatusOr<bool> PlanAgain(const std::string& share_id);
  absl::StatusOr<bool> KeepPlan(const OutboxRow& row, const ReferralDraft& draft);
  // Whether a finished share must not go any more; ends it as `REFUSED` with `SUBJECT_RESTRICTED` and an alarm.
  absl::StatusOr<bool> IsStopped(const std::string& share_id);
  absl::Status Stop(const std::string& share_id, v1::ShareOutcome outcome);
  absl::Status TakeReceipts(const v1::SubmitReferralRequest& request, const v1::SubmitReferralResponse& response);
  absl::StatusOr<v1::PushReferralResponse> Outcomes(const std::string& referral_ref);

  const AgentContext& context_;
  Evidence& evidence_;
  Upkeep& upkeep_;
  Postman& postman_;
  Mutex pushing_;     // One push at a time: a reference is taken once.
  Mutex submitting_;  // One submission at a time: resends never race.
  Mutex planning_;    // One plan at a time of what awaits it.
};

}  // namespace derwent::agents
