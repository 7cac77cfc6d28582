#include "agents/daemon/receiving/eraser.h"

#include <map>
#include <utility>

#include "agents/daemon/context/fault.h"
#include "derwent/v1/agent.pb.h"
#include "derwent/v1/agent_request.pb.h"
#include "policy/loader/retention.h"
#include "trust/base/status_macros.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr int kPage = 100;  // What the broker gives at most is more.

// Closes the erased fields in every receipt of these entries within a message that has `receipts`.
template <typename Message>
absl::StatusOr<std::string> CloseWithin(const std::string& kept, const std::set<uint64_t>& entries,
                                        const trust::FieldSet& fields) {
  Message message;
  if (!message.ParseFromString(kept)) return absl::DataLossError("what is kept of a share does not parse");
  for (v1::Receipt& receipt : *message.mutable_receipts()) {
    if (!entries.contains(receipt.index()) || receipt.tlog_proof().empty()) continue;
    ASSIGN_OR_RETURN(*receipt.mutable_tlog_proof(), trust::CloseReceipt(receipt.tlog_proof(), fields));
  }
  return message.SerializeAsString();
}

absl::StatusOr<ReceiptRow> Closed(const ReceiptRow& row, const trust::FieldSet& fields) {
  v1::Receipt receipt;
  if (!receipt.ParseFromString(row.receipt)) return absl::DataLossError("a kept receipt does not parse");
  ASSIGN_OR_RETURN(*receipt.mutable_tlog_proof(), trust::CloseReceipt(receipt.tlog_proof(), fields));
  return ReceiptRow{.share_id = row.share_id, .index = row.index, .receipt = receipt.SerializeAsString()};
}

}  // namespace

absl::Status Eraser::Work() {
  absl::Status first;
  std::set<std::string> seen;
  v1::ListErasuresRequest request;
  request.set_unattested(true);
  request.set_page_size(kPage);
  while (true) {
    ASSIGN_OR_RETURN(const v1::ListErasuresResponse response, context_.broker.ListErasures(request));
    int fresh = 0;
    for (const v1::Erasure& erasure : response.erasures()) {
      if (!seen.insert(erasure.erasure_id()).second) continue;
      ++fresh;
      absl::Status done = CarryOut(erasure);
      if (WorthRetrying(done)) return done;
      if (done.ok()) {
        context_.log.Write("info", "erased what the ledger erased", {});
        continue;
      }
      context_.Alarm("ERASURE_REJECTED", erasure.erasure_id(), "");
      context_.log.Failure("an erasure was not carried out", done);
      first.Update(std::move(done));
    }
    // Pages of nothing new would have no end.
    if (fresh == 0 || response.next_page_token().empty()) return first;
    request.set_page_token(response.next_page_token());
  }
}

absl::Status Eraser::CarryOut(const v1::Erasure& erasure) {
  const auto roots = context_.roots.get();
  ASSIGN_OR_RETURN(const RecordedErasure recorded, VerifyRecord(erasure, roots->anchors.log_keys));
  RETURN_IF_ERROR(evidence_.Observe({recorded.checkpoint}));
  // What the ledger says is erased, not what the broker says of it: the record is what is attested.
  ASSIGN_OR_RETURN(const std::vector<ReceiptRow> receipts, context_.state.ReceiptsAt(recorded.record.targets));
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("the policy was not verified yet");
  if (recorded.record.scheduled()) {
    RETURN_IF_ERROR(CheckRetention(receipts, policy::LedgerMonths(view->bundle->files), context_.clock.Now()));
  } else {
    RETURN_IF_ERROR(VerifyApprovals(erasure, recorded.record, receipts,
                                    {.agency = context_.identity.agency,
                                     .anchors = roots->anchors,
                                     .snapshot = view->snapshot(),
                                     .now = context_.clock.Now()}));
  }
  RETURN_IF_ERROR(EraseHere(receipts, recorded.record.fields));
  return Attest(erasure.receipt().index());
}

absl::Status Eraser::EraseHere(const std::vector<ReceiptRow>& receipts, const trust::FieldSet& fields) {
  std::map<std::string, std::vector<ReceiptRow>> by_share;
  for (const ReceiptRow& row : receipts) {
    ASSIGN_OR_RETURN(ReceiptRow closed, Closed(row, fields));
    by_share[row.share_id].push_back(std::move(closed));
  }
  for (const auto& [share_id, rows] : by_share) {
    std::set<uint64_t> entries;
    for (const ReceiptRow& row : rows) entries.insert(row.index);
    ASSIGN_OR_RETURN(const bool reply, IsReply(share_id));
    const std::string& share = share_id;  // A structured binding is not captured.
    const auto outcome = [&](const std::string& kept) { return CloseWithin<v1::ShareOutcome>(kept, entries, fields); };
    const auto content = [&](const std::string& kept) -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(const std::string opened, OpenFromStore(context_.identity, share, kept));
      ASSIGN_OR_RETURN(const std::string closed, reply ? CloseWithin<v1::OpenedAnswer>(opened, entries, fields)
                                                       : CloseWithin<v1::ReceivedReferral>(opened, entries, fields));
      return SealForStore(context_.identity, share, closed, context_.random);
    };
    RETURN_IF_ERROR(context_.state.RewriteShare(share_id, rows, outcome, content));
    RETURN_IF_ERROR(EraseRequest(share_id, entries, fields));
    RETURN_IF_ERROR(context_.state.ForgetGiven(share_id));
    RETURN_IF_ERROR(handover_.GiveAgain(share_id));
  }
  return by_share.empty() ? absl::OkStatus() : context_.state.EmptyLog();
}

// An answer to a request of ours is kept in another shape than a referral.
absl::StatusOr<bool> Eraser::IsReply(const std::string& share_id) const {
  ASSIGN_OR_RETURN(const std::optional<InboxRow> row, context_.state.FindReceived(share_id));
  v1::Manifest manifest;
  if (row.has_value() && !manifest.ParseFromString(row->manifest))
    return absl::DataLossError("a kept manifest does not parse");
  return !manifest.reply_to_share_id().empty();
}

absl::Status Eraser::EraseRequest(const std::string& request_id, const std::set<uint64_t>& entries,
                                  const trust::FieldSet& fields) {
  ASSIGN_OR_RETURN(const std::optional<AskedRow> asked, requests_.FindAsked(request_id));
  if (!asked.has_value() || asked->outcome.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string outcome,
                   CloseWithin<v1::SendCaseRequestResponse>(asked->outcome, entries, fields));
  return requests_.RewriteOutcome(request_id, outcome);
}

absl::Status Eraser::Attest(uint64_t erasure_entry) {
  v1::ErasureAttestation attestation;
  attestation.set_erasure_entry(erasure_entry);
  attestation.set_agency(context_.identity.agency);
  *attestation.mutable_create_time() = trust::ToTimestamp(context_.clock.Now());
  v1::AttestErasureRequest request;
  request.set_request_id(context_.random.NewUuid().text());
  ASSIGN_OR_RETURN(*request.mutable_attestation(), trust::SignMessage(trust::kErasureAttestationType, attestation,
                                                                      context_.identity.keys->signing()->key));
  return context_.broker.AttestErasure(request).status();
}

}  // namespace derwent::agents
