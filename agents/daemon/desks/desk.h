#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/holding/record_source.h"
#include "agents/daemon/sending/held_back.h"
#include "agents/daemon/sending/postman.h"
#include "agents/daemon/sending/sender.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// The local service without its transport: each call for a caller already authenticated. Errors as api.md has them,
// with ROLE_NOT_ENTITLED before anything is told. Blocks. Thread-safe.
class Desk {
 public:
  struct Parts {
    Sender& sender;
    HeldBack& held_back;
    Postman& postman;
    const RecordSource& records;
  };
  Desk(const AgentContext& context, const Parts& parts) : context_(context), parts_(parts) {}

  absl::StatusOr<v1::PushReferralResponse> Push(const LocalCaller& caller, v1::PushReferralRequest request);
  absl::StatusOr<v1::WithdrawResponse> Withdraw(const LocalCaller& caller, const v1::WithdrawRequest& request);
  absl::StatusOr<v1::ListOutboxResponse> ListOutbox(const LocalCaller& caller, const v1::ListOutboxRequest& request);
  absl::StatusOr<v1::ListInboxResponse> ListInbox(const LocalCaller& caller, const v1::ListInboxRequest& request);
  absl::StatusOr<v1::ReceivedReferral> Open(const LocalCaller& caller, const v1::OpenReferralRequest& request);
  absl::StatusOr<v1::ReportReceivedResponse> Report(const LocalCaller& caller,
                                                    const v1::ReportReceivedRequest& request);
  absl::StatusOr<v1::ComputeReferencesResponse> References(const LocalCaller& caller,
                                                           const v1::ComputeReferencesRequest& request);
  absl::StatusOr<v1::RestrictResponse> Restrict(const LocalCaller& caller, const v1::RestrictRequest& request);
  absl::StatusOr<v1::AgentStatus> Status(const LocalCaller& caller);

 private:
  absl::Status NameActor(const LocalCaller& caller, v1::PushReferralRequest& request) const;
  // What of the same share waits for agreement does not go either.
  absl::Status CancelWaiting(const OutboxRow& share);
  absl::StatusOr<v1::OutboxItem> ItemOf(const OutboxRow& row);
  // What became of a report that was queued under `once_key` and brought the share to `state`; one that is not taken
  // brings it back to what it was `before`, unless it went on meanwhile.
  absl::StatusOr<v1::ReportReceivedResponse> Reported(const InboxRow& before, const std::string& state,
                                                      const std::string& once_key);

  const AgentContext& context_;
  const Parts parts_;
};

}  // namespace derwent::agents
