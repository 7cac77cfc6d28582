#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/holding/holder.h"
#include "agents/daemon/sending/held_back.h"
#include "agents/daemon/state/request_state.h"
#include "derwent/v1/agent_request.pb.h"

namespace derwent::agents {

// What persons of this agency are asked to agree to: of its own data, with the content, or of another agency's,
// without. Thread-safe.
class Approver {
 public:
  // Borrows everything.
  Approver(const AgentContext& context, RequestState& requests, Holder& holder, HeldBack& held_back)
      : context_(context), requests_(requests), holder_(holder), held_back_(held_back) {}

  // Takes what somebody signed about this agency's own data, here or at another agency. Errors: kNotFound it was not
  // asked here; of TakeSigned.
  absl::Status TakeOwn(const v1::SignedApproval& approval);
  // Takes another agency's question. Errors: kUnauthenticated, kInvalidArgument: it does not count;
  // kResourceExhausted: 100 of that agency wait already.
  absl::Status TakeQuestion(const v1::DsseEnvelope& envelope, const v1::ApprovalQuestion& question);

  // What waits for a role that the person holds, due soonest first.
  absl::StatusOr<v1::ListApprovalsResponse> List(const std::string& person);
  // Errors: kNotFound, also for who does not hold the role.
  absl::StatusOr<v1::ShowApprovalResponse> Show(const std::string& person, const std::string& approval_id);
  // Errors: kFailedPrecondition `APPROVAL_NOT_VALID`, kPermissionDenied `SELF_APPROVAL_FORBIDDEN`, kNotFound; of the
  // broker.
  absl::StatusOr<v1::AnswerApprovalResponse> Answer(const std::string& person, const v1::SignedApproval& approval);

 private:
  absl::StatusOr<ApprovalRow> Find(const std::string& person, const std::string& approval_id);
  // Holds the role today, and is not kept out by the record.
  absl::StatusOr<bool> MayAnswer(const std::string& person, const ApprovalRow& row,
                                 const v1::ApprovalQuestion& question);
  absl::StatusOr<v1::AnswerApprovalResponse> GiveElsewhere(const ApprovalRow& row, const v1::SignedApproval& approval);

  const AgentContext& context_;
  RequestState& requests_;
  Holder& holder_;
  HeldBack& held_back_;
};

}  // namespace derwent::agents
