#pragma once

#include <functional>

#include "absl/status/statusor.h"

#include "agents/daemon/asking/asker.h"
#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/holding/approver.h"
#include "agents/daemon/holding/holder.h"
#include "agents/daemon/state/request_state.h"
#include "derwent/v1/agent_request.pb.h"

namespace derwent::agents {

// The local service for case-data requests without its transport: each call for a caller already authenticated. Errors
// as agent_request.proto has them; who may not see something is not told that it is there. Blocks. Thread-safe.
class RequestDesk {
 public:
  struct Parts {
    RequestState& requests;
    Asker& asker;
    Holder& holder;
    Approver& approver;
  };
  // Borrows everything.
  RequestDesk(const AgentContext& context, const Parts& parts) : context_(context), parts_(parts) {}

  absl::StatusOr<v1::SendCaseRequestResponse> Send(const LocalCaller& caller, v1::SendCaseRequestRequest request);
  absl::StatusOr<v1::ListSentRequestsResponse> ListSent(const LocalCaller& caller,
                                                        const v1::ListSentRequestsRequest& request);
  absl::StatusOr<v1::ShowCaseRequestResponse> Show(const LocalCaller& caller,
                                                   const v1::ShowCaseRequestRequest& request);
  // How it stands once nothing more is to come, or `wait_on` does not go on: it lets a moment pass, and says whether
  // the caller waits still. Asks each time whether the caller may see it.
  absl::StatusOr<v1::SentRequest> Watch(const LocalCaller& caller, const v1::WatchCaseRequestRequest& request,
                                        const std::function<bool()>& wait_on);
  absl::StatusOr<v1::CancelCaseRequestResponse> Cancel(const LocalCaller& caller,
                                                       const v1::CancelCaseRequestRequest& request);
  absl::StatusOr<v1::ListHeldRequestsResponse> ListHeld(const LocalCaller& caller,
                                                        const v1::ListHeldRequestsRequest& request);
  absl::StatusOr<v1::ListApprovalsResponse> ListApprovals(const LocalCaller& caller);
  absl::StatusOr<v1::ShowApprovalResponse> ShowApproval(const LocalCaller& caller,
                                                        const v1::ShowApprovalRequest& request);
  absl::StatusOr<v1::AnswerApprovalResponse> AnswerApproval(const LocalCaller& caller,
                                                            const v1::AnswerApprovalRequest& request);

 private:
  absl::StatusOr<AskedRow> FindVisible(const LocalCaller& caller, const std::string& request_id);

  const AgentContext& context_;
  const Parts parts_;
};

}  // namespace derwent::agents
