#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/fresh_look.h"
#include "agents/daemon/context/keyed_lock.h"
#include "agents/daemon/sending/asked_approvals.h"
#include "agents/daemon/sending/sender.h"
#include "agents/daemon/state/request_state.h"

namespace derwent::agents {

// Units of referrals that may leave once somebody agreed. What the same roles must agree to, of one subject for one
// recipient, is one share, kept here sealed. It is decided afresh and sent once every role agreed to all of it; one
// refusal ends it, as does the fifth working day. An approval counts once, so what it covers goes out together or not
// at all. Thread-safe.
class HeldBack {
 public:
  // Borrows everything.
  HeldBack(const AgentContext& context, RequestState& requests, Sender& sender, Upkeep& upkeep)
      : context_(context), requests_(requests), sender_(sender), upkeep_(upkeep) {}

  // Asks whom it must, sends what was agreed to, ends what was not. Error: the first that is worth trying again; the
  // rest was tried.
  absl::Status Work();
  // Whether what was asked is about a share held back here.
  absl::StatusOr<bool> Holds(const std::string& share_id);
  // A person's signed answer. Errors: of TakeSigned; kNotFound it is over.
  absl::Status TakeApproval(const v1::SignedApproval& approval, const ApprovalRow& row);
  // What an approval would release, exactly as it would go out. Error: kNotFound it is over.
  absl::StatusOr<ApprovalPreview> PreviewOf(const ApprovalRow& approval);
  // The sender takes it back before it went. Error: kNotFound it is over.
  absl::Status Cancel(const std::string& share_id);

 private:
  // One share as it stands.
  struct Standing {
    HeldBackRow row;
    v1::HeldBackUnits kept;
    ReferralDraft draft;
    v1::ShareOutcome outcome;
    std::vector<ApprovalRow> approvals;  // Under the policy in force.
    bool taken_back = false;             // What would go onward is not the agency's to hold any more.
  };
  absl::StatusOr<Standing> Load(const HeldBackRow& row, const OutboxRow& share);
  absl::Status WorkOn(const HeldBackRow& due);
  // It was sealed before: looks what became of it.
  absl::Status Follow(const HeldBackRow& row, const OutboxRow& share);
  absl::Status DecideAgain(Standing& standing);
  absl::Status Ask(Standing& standing);
  absl::Status Settle(Standing& standing);
  // Ends it when nothing of it may go any more, whoever agrees; true: it did.
  absl::StatusOr<bool> EndIfRefused(Standing& standing);
  absl::Status Release(Standing& standing, const Agreed& agreed);
  // An approver said no, or nobody did in time (`reason`).
  absl::Status Refuse(Standing& standing, const std::string& reason);
  absl::Status End(Standing& standing, const std::string& reason);
  absl::Status Save(Standing& standing, absl::Time next_time);

  const AgentContext& context_;
  RequestState& requests_;
  Sender& sender_;
  Upkeep& upkeep_;
  KeyedLock working_;  // By share.
  FreshLook fresh_look_;
};

}  // namespace derwent::agents
