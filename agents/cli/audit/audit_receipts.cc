#include "agents/cli/audit/audit_receipts.h"

#include <filesystem>
#include <iostream>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {

absl::StatusOr<std::vector<v1::ShareEvidence>> FetchEvidence(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentAuditService::NewStub(agent->grpc());
  v1::ListEvidenceRequest request;
  request.set_page_size(500);
  std::vector<v1::ShareEvidence> shares;
  do {
    ASSIGN_OR_RETURN(const v1::ListEvidenceResponse page,
                     agent->Call(*stub, &v1::AgentAuditService::Stub::ListEvidence, request, client.options()));
    shares.insert(shares.end(), page.shares().begin(), page.shares().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return shares;
}

absl::StatusOr<int> WriteReceipts(Client& client, const std::string& share, const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<v1::ShareEvidence> shares, FetchEvidence(client));
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  int written = 0;
  int pending = 0;
  for (const v1::ShareEvidence& one : shares) {
    if (!share.empty() && one.share_id() != share) continue;
    for (const v1::Receipt& receipt : one.receipts()) {
      RETURN_IF_ERROR(WriteOut(absl::StrCat(folder, "/", receipt.index(), ".tlog-proof"), receipt.tlog_proof()));
      ++written;
      pending += receipt.quorum() == v1::RECEIPT_QUORUM_PENDING ? 1 : 0;
    }
  }
  if (written == 0) return absl::NotFoundError("no receipt is kept of it");
  std::cerr << written << " receipts written to `" << folder << "`";
  if (pending > 0) std::cerr << "; " << pending << " without their quorum of witnesses yet";
  std::cerr << "\n";
  return pending > 0 ? kExitPartial : kExitDone;
}

}  // namespace derwent::cli
