#include "agents/daemon/evidence/final_receipts.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/sdk/receipts.h"
#include "trust/base/status_macros.h"
#include "trust/note/tlog_proof.h"

namespace derwent::agents {
namespace {

constexpr int kAtOnce = 256;

// The broker's proof with what the agency was opened before: the entry's hash follows from that, whatever the broker
// says of it.
absl::StatusOr<v1::Receipt> Finished(const ReceiptRow& row, const v1::GetInclusionProofResponse& answer,
                                     const AgentContext& context, Evidence& evidence) {
  v1::Receipt receipt;
  if (!receipt.ParseFromString(row.receipt)) return absl::InternalError("a kept receipt does not parse");
  ASSIGN_OR_RETURN(const trust::TlogProof kept, trust::TlogProof::Parse(receipt.tlog_proof()));
  ASSIGN_OR_RETURN(trust::TlogProof proof, trust::TlogProof::Parse(answer.tlog_proof()));
  proof.extra = kept.extra;
  receipt.set_tlog_proof(proof.ToString());
  receipt.set_quorum(v1::RECEIPT_QUORUM_MET);
  const auto roots = context.roots.get();
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt verified, CheckReceipt(receipt, roots->anchors.log_keys, {}));
  RETURN_IF_ERROR(context.quorum.Open(proof.checkpoint, roots->anchors.log_keys).status());
  RETURN_IF_ERROR(evidence.Observe({{verified.checkpoint, proof.checkpoint}}));
  return receipt;
}

absl::Status Finish(const ReceiptRow& row, const AgentContext& context, Evidence& evidence) {
  v1::GetInclusionProofRequest ask;
  ask.set_index(row.index);
  ask.set_cosigned(true);
  ASSIGN_OR_RETURN(const v1::GetInclusionProofResponse answer, context.broker.GetInclusionProof(ask));
  const absl::StatusOr<v1::Receipt> finished = Finished(row, answer, context, evidence);
  if (finished.ok()) return context.state.KeepFinal(row, finished->SerializeAsString());
  if (!WorthRetrying(finished.status())) context.Alarm("RECEIPT_INVALID", row.share_id, "");
  return finished.status();
}

}  // namespace

absl::Status FinishReceipts(const AgentContext& context, Evidence& evidence) {
  if (context.quorum.none()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<ReceiptRow> rows,
                   context.state.PendingReceipts(context.quorum.cosigned_size(), kAtOnce));
  absl::Status first;
  for (const ReceiptRow& row : rows) {
    absl::Status finished = Finish(row, context, evidence);
    if (WorthRetrying(finished)) return finished;
    first.Update(std::move(finished));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> late,
                   context.state.SharesPendingSince(context.clock.Now() - context.quorum.limit(), kAtOnce));
  for (const std::string& share : late) context.Alarm("RECEIPT_LATE", share, "");
  return first;
}

}  // namespace derwent::agents
