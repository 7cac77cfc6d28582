#include "agents/daemon/participant/known_shares.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "agents/sdk/messages.h"
#include "agents/sdk/receipts.h"
#include "agents/sdk/rights.h"
#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/referral.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using trust::Field;

absl::Status AddManifest(const v1::Submission& submission, const std::string& other, KnownShare& known) {
  const std::string& payload = submission.package().manifest().payload();
  v1::Manifest manifest;
  if (!manifest.ParseFromString(payload)) return absl::DataLossError("a kept manifest does not parse");
  const bool concerns = other.empty() || other == manifest.recipient_agency() || other == manifest.sender_agency();
  if (concerns) known.manifests.insert(trust::Sha256(payload).bytes());
  return absl::OkStatus();
}

// Whether an entry is between this agency and `other`. One that names only this agency, such as a refused answer's, is
// of whomever it was for.
bool Concerns(const trust::Opening& entry, const std::string& other) {
  const std::string* const releasing = entry.Value(Field::kReleasingAgency);
  const std::string* const receiving = entry.Value(Field::kReceivingAgency);
  if (other.empty() || releasing == nullptr || receiving == nullptr) return true;
  return *releasing == other || *receiving == other || receiving->empty();
}

}  // namespace

absl::StatusOr<KnownShare> KnownShares::Find(const std::string& share_id, const std::string& other) {
  KnownShare known;
  RETURN_IF_ERROR(AddSent(share_id, other, known));
  RETURN_IF_ERROR(AddAsked(share_id, other, known));
  RETURN_IF_ERROR(AddAnswered(share_id, other, known));
  RETURN_IF_ERROR(AddReceived(share_id, other, known));
  RETURN_IF_ERROR(AddReceipts(share_id, other, known));
  return known;
}

absl::Status KnownShares::AddSent(const std::string& share_id, const std::string& other, KnownShare& known) {
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> row, state_.FindShare(share_id));
  if (!row.has_value()) return absl::OkStatus();
  known.ours = true;
  v1::SubmitReferralRequest submit;
  if (!submit.ParseFromString(row->submit)) return absl::DataLossError("a kept share does not parse");
  for (const v1::Submission& one : submit.submissions()) RETURN_IF_ERROR(AddManifest(one, other, known));
  return absl::OkStatus();
}

absl::Status KnownShares::AddAsked(const std::string& share_id, const std::string& other, KnownShare& known) {
  ASSIGN_OR_RETURN(const std::optional<AskedRow> row, requests_.FindAsked(share_id));
  if (!row.has_value()) return absl::OkStatus();
  known.ours = true;
  ASSIGN_OR_RETURN(const std::string selector, requests_.SelectorOf(share_id, other));
  if (!selector.empty()) known.manifests.insert(trust::Sha256(selector).bytes());
  return absl::OkStatus();
}

absl::Status KnownShares::AddAnswered(const std::string& share_id, const std::string& other, KnownShare& known) {
  ASSIGN_OR_RETURN(const std::optional<AnswerRow> row, requests_.FindAnswer(share_id));
  if (!row.has_value()) return absl::OkStatus();
  known.ours = true;
  v1::SubmitCaseAnswerRequest submit;
  if (!submit.ParseFromString(row->submit)) return absl::DataLossError("a kept answer does not parse");
  return row->submit.empty() ? absl::OkStatus() : AddManifest(submit.submission(), other, known);
}

absl::Status KnownShares::AddReceived(const std::string& share_id, const std::string& other, KnownShare& known) {
  ASSIGN_OR_RETURN(const std::optional<InboxRow> row, state_.FindReceived(share_id));
  if (row.has_value() && (other.empty() || other == row->sender)) known.manifests.insert(row->manifest_digest);
  return absl::OkStatus();
}

absl::Status KnownShares::AddReceipts(const std::string& share_id, const std::string& other, KnownShare& known) {
  ASSIGN_OR_RETURN(const std::vector<std::string> receipts, state_.ReceiptsOf(share_id));
  for (const std::string& kept : receipts) {
    ASSIGN_OR_RETURN(const trust::Opening entry, OpeningOfKept(kept));
    if (!Concerns(entry, other)) continue;
    const std::string* const manifest = entry.Value(Field::kManifestDigest);
    if (manifest == nullptr) known.erased = true;
    if (manifest != nullptr) known.manifests.insert(*manifest);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> KnownShares::HasSaidOfRights(const std::string& share_id, const std::string& peer,
                                                  absl::string_view digest) {
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, state_.RightsAbout(share_id));
  return std::ranges::any_of(rows, [&](const RightsRow& row) {
    return row.peer == peer && KeptDigest(row.own ? row.notice : row.answer) == digest;
  });
}

absl::StatusOr<bool> KnownShares::HasAsked(const std::string& approval_id) {
  ASSIGN_OR_RETURN(const std::optional<ApprovalRow> row, requests_.FindApproval(approval_id));
  return row.has_value();
}

absl::StatusOr<std::string> KnownShares::UnansweredSince(absl::Time time) {
  // The oldest comes first in each of these.
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> shares, state_.QueuedShares());
  if (!shares.empty() && shares.front().create_time < time) return shares.front().share_id;
  ASSIGN_OR_RETURN(const std::vector<AskedRow> requests, requests_.QueuedRequests());
  if (!requests.empty() && requests.front().create_time < time) return requests.front().request_id;
  ASSIGN_OR_RETURN(const std::vector<AnswerRow> answers, requests_.AnswersDue(time));
  if (!answers.empty()) return answers.front().share_id;
  ASSIGN_OR_RETURN(const std::vector<OutgoingMessage> messages, state_.PendingMessages());
  if (messages.empty()) return "";
  v1::DsseEnvelope envelope;
  if (!envelope.ParseFromString(messages.front().envelope)) return absl::DataLossError("a kept message does not parse");
  ASSIGN_OR_RETURN(const IncomingMessage message, ReadMessage(envelope));
  return trust::FromTimestamp(message.head.create_time()) < time ? messages.front().share_id : "";
}

}  // namespace derwent::agents
