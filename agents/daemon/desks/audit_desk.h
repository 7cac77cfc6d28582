#pragma once

#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/state/request_state.h"
#include "derwent/v1/agent_audit.pb.h"

namespace derwent::agents {

// What the agent itself knows of what was sent, received and opened, for its agency's data protection officer. Each
// call is in the access log. Errors as Desk's. Blocks. Thread-safe.
class AuditDesk {
 public:
  AuditDesk(const AgentContext& context, RequestState& requests) : context_(context), requests_(requests) {}

  absl::StatusOr<v1::ListEvidenceResponse> ListEvidence(const LocalCaller& caller,
                                                        const v1::ListEvidenceRequest& request);
  absl::StatusOr<v1::ListOpeningsResponse> ListOpenings(const LocalCaller& caller,
                                                        const v1::ListOpeningsRequest& request);
  absl::StatusOr<v1::FindReceivedResponse> FindReceived(const LocalCaller& caller,
                                                        const v1::FindReceivedRequest& request);
  absl::StatusOr<v1::FindCredentialResponse> FindCredential(const LocalCaller& caller,
                                                            const v1::FindCredentialRequest& request);
  absl::StatusOr<v1::SignExportResponse> SignExport(const LocalCaller& caller, const v1::SignExportRequest& request);

 private:
  // Shares of one source after a row, oldest first; `last`: row of the newest added.
  absl::Status AddShares(int source, int64_t after, int limit, v1::ListEvidenceResponse& response, int64_t& last);
  absl::Status AddReceipts(v1::ShareEvidence& share);
  // Numbers of the subjects of a received share that have one of the references.
  absl::StatusOr<std::vector<uint32_t>> SubjectsIn(const InboxRow& row, const std::vector<std::string>& references);

  const AgentContext& context_;
  RequestState& requests_;
};

}  // namespace derwent::agents
