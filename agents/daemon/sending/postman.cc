#include "agents/daemon/sending/postman.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "agents/daemon/context/at_once.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/sealing.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/messages.h"
#include "derwent/v1/package.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/key_event.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

absl::StatusOr<std::string> Signed(absl::string_view type, const google::protobuf::Message& message,
                                   const trust::SigningKey& key) {
  ASSIGN_OR_RETURN(const v1::DsseEnvelope envelope, trust::SignMessage(type, message, key));
  return envelope.SerializeAsString();
}

absl::StatusOr<v1::Manifest> ManifestOf(const InboxRow& received) {
  v1::Manifest manifest;
  if (!manifest.ParseFromString(received.manifest)) return absl::DataLossError("a kept manifest does not parse");
  return manifest;
}

std::string WithdrawalKey(const std::string& share_id, const std::string& recipient) {
  return absl::StrCat("withdrawal/", share_id, "/", recipient);
}

std::string AcknowledgementKey(const std::string& share_id) { return absl::StrCat("acknowledgement/", share_id); }

// What goes to one agency about one share keeps its order.
std::vector<std::vector<const OutgoingMessage*>> ByTurn(const std::vector<OutgoingMessage>& pending) {
  std::vector<std::vector<const OutgoingMessage*>> turns;
  std::map<std::pair<std::string, std::string>, size_t> known;
  for (const OutgoingMessage& message : pending) {
    const auto [turn, fresh] = known.try_emplace({message.share_id, message.peer}, turns.size());
    if (fresh) turns.emplace_back();
    turns[turn->second].push_back(&message);
  }
  return turns;
}

}  // namespace

v1::MessageHead Postman::Head(const std::string& share_id, uint32_t version, const std::string& to,
                              uint32_t sequence) const {
  v1::MessageHead head;
  head.set_share_id(share_id);
  head.set_version(version);
  head.set_from_agency(context_.identity.agency);
  head.set_to_agency(to);
  head.set_sequence(sequence);
  *head.mutable_create_time() = trust::ToTimestamp(context_.clock.Now());
  return head;
}

absl::Status Postman::QueueAcknowledgement(const InboxRow& received) {
  return context_.state.Together([&](Changes& changes) { return QueueAcknowledgement(received, changes); });
}

absl::Status Postman::QueueAcknowledgement(const InboxRow& received, Changes& changes) const {
  ASSIGN_OR_RETURN(const v1::Manifest manifest, ManifestOf(received));
  const OutgoingMessage message{.request_id = context_.random.NewOrderedUuid(context_.clock.Now()).text(),
                                .share_id = received.share_id,
                                .peer = received.sender,
                                .kind = "ACKNOWLEDGEMENT",
                                .delivery_id = received.delivery_id};
  return changes
      .QueueMessage(
          message, AcknowledgementKey(received.share_id),
          [&](uint32_t sequence) {
            v1::Acknowledgement acknowledgement;
            *acknowledgement.mutable_head() = Head(received.share_id, manifest.version(), received.sender, sequence);
            acknowledgement.set_manifest_digest(received.manifest_digest);
            acknowledgement.set_delivery_id(received.delivery_id);
            return Signed(trust::kAcknowledgementType, acknowledgement, context_.identity.keys->signing()->key);
          })
      .status();
}

absl::StatusOr<bool> Postman::HasAcknowledged(const std::string& share_id) {
  return context_.state.WasQueued(AcknowledgementKey(share_id));
}

absl::Status Postman::QueueProgress(const InboxRow& received, const Report& report) {
  return context_.state.Together([&](Changes& changes) { return QueueProgress(received, report, changes).status(); });
}

absl::StatusOr<std::string> Postman::QueueProgress(const InboxRow& received, const Report& report,
                                                   Changes& changes) const {
  ASSIGN_OR_RETURN(const v1::Manifest manifest, ManifestOf(received));
  const auto history = context_.keys.Find(received.sender);
  const trust::AgencyKey* sealing = history->Current(trust::KeyUse::kSealing, context_.clock.Now());
  if (!report.note.empty() && sealing == nullptr) {
    return Fault(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED",
                 "the sender has no key to seal the note to");
  }
  OutgoingMessage message{.request_id = context_.random.NewOrderedUuid(context_.clock.Now()).text(),
                          .share_id = received.share_id,
                          .peer = received.sender,
                          .kind = "PROGRESS"};
  if (!report.note.empty()) {
    ASSIGN_OR_RETURN(message.note, SealForStore(context_.identity, received.share_id, report.note, context_.random));
  }
  std::string once_key = absl::StrCat("progress/", message.request_id);
  RETURN_IF_ERROR(changes
                      .QueueMessage(message, once_key,
                                    [&](uint32_t sequence) -> absl::StatusOr<std::string> {
                                      v1::Progress progress;
                                      *progress.mutable_head() =
                                          Head(received.share_id, manifest.version(), received.sender, sequence);
                                      progress.set_state(report.state);
                                      progress.set_reason(report.reason);
                                      if (!report.note.empty()) {
                                        const trust::PublicKey& to = sealing->certificate.public_key();
                                        ASSIGN_OR_RETURN(*progress.mutable_sealed_note(),
                                                         SealNote(progress.head(), report.note, to));
                                        progress.set_sealing_key_id(to.key_id());
                                      }
                                      return Signed(trust::kProgressType, progress,
                                                    context_.identity.keys->signing()->key);
                                    })
                      .status());
  return once_key;
}

absl::Status Postman::QueueWithdrawal(const SharedVersion& share, const std::string& recipient,
                                      const std::string& reason) {
  const OutgoingMessage message{.request_id = context_.random.NewOrderedUuid(context_.clock.Now()).text(),
                                .share_id = share.share_id,
                                .peer = recipient,
                                .kind = "WITHDRAWAL"};
  return context_.state
      .QueueMessage(message, WithdrawalKey(share.share_id, recipient),
                    [&](uint32_t sequence) {
                      v1::Withdrawal withdrawal;
                      *withdrawal.mutable_head() =
                          Head(share.share_id, std::max(share.version, 1U), recipient, sequence);
                      withdrawal.set_reason(reason);
                      withdrawal.set_delete_copies(true);
                      return Signed(trust::kWithdrawalType, withdrawal, context_.identity.keys->signing()->key);
                    })
      .status();
}

absl::Status Postman::QueueNotice(const v1::Manifest& manifest, const std::string& delivery_id, v1::NoticeKind kind,
                                  const std::vector<uint32_t>& units, const std::string& manifest_digest) {
  const OutgoingMessage message{.request_id = context_.random.NewOrderedUuid(context_.clock.Now()).text(),
                                .share_id = manifest.share_id(),
                                .peer = manifest.sender_agency(),
                                .kind = "NOTICE"};
  return context_.state
      .QueueMessage(message, absl::StrCat("notice/", delivery_id, "/", static_cast<int>(kind)),
                    [&](uint32_t sequence) {
                      v1::Notice notice;
                      *notice.mutable_head() =
                          Head(manifest.share_id(), manifest.version(), manifest.sender_agency(), sequence);
                      notice.set_kind(kind);
                      notice.mutable_units()->Assign(units.begin(), units.end());
                      notice.set_manifest_digest(manifest_digest);
                      return Signed(trust::kNoticeType, notice, context_.identity.keys->signing()->key);
                    })
      .status();
}

absl::Status Postman::QueueComplaints(const Submissions& submissions, v1::NoticeKind kind) {
  for (const v1::Submission& submission : submissions) {
    const std::string& payload = submission.package().manifest().payload();
    v1::Manifest manifest;
    if (!manifest.ParseFromString(payload)) return absl::DataLossError("a kept manifest does not parse");
    const OutgoingMessage message{.request_id = context_.random.NewOrderedUuid(context_.clock.Now()).text(),
                                  .share_id = manifest.share_id(),
                                  .peer = manifest.recipient_agency(),
                                  .kind = "NOTICE"};
    const auto sign = [&](uint32_t sequence) {
      v1::Notice notice;
      *notice.mutable_head() = Head(message.share_id, std::max(manifest.version(), 1U), message.peer, sequence);
      notice.set_kind(kind);
      notice.set_manifest_digest(trust::Sha256(payload).bytes());
      return Signed(trust::kNoticeType, notice, context_.identity.keys->signing()->key);
    };
    RETURN_IF_ERROR(
        context_.state.QueueMessage(message, absl::StrCat("receipt/", message.share_id, "/", message.peer), sign)
            .status());
  }
  context_.to_send.Ring();
  return absl::OkStatus();
}

// A note is bound to its message's number. Where the other agency has no key to seal to any more, the rest is said.
absl::Status Postman::SealAgain(const OutgoingMessage& message, v1::Progress& progress) const {
  if (progress.sealed_note().empty()) return absl::OkStatus();
  progress.clear_sealed_note();
  progress.clear_sealing_key_id();
  const auto history = context_.keys.Find(message.peer);
  const trust::AgencyKey* sealing = history->Current(trust::KeyUse::kSealing, context_.clock.Now());
  if (sealing == nullptr || message.note.empty()) {
    context_.log.Write("error", "a message goes without its note", {{"share", message.share_id}});
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string note, OpenFromStore(context_.identity, message.share_id, message.note));
  const trust::PublicKey& to = sealing->certificate.public_key();
  ASSIGN_OR_RETURN(*progress.mutable_sealed_note(), SealNote(progress.head(), note, to));
  progress.set_sealing_key_id(to.key_id());
  return absl::OkStatus();
}

absl::StatusOr<std::string> Postman::Renumbered(const OutgoingMessage& message, uint32_t sequence) const {
  v1::DsseEnvelope envelope;
  if (!envelope.ParseFromString(message.envelope)) return absl::DataLossError("a kept message does not parse");
  ASSIGN_OR_RETURN(IncomingMessage kept, ReadMessage(envelope));
  const v1::MessageHead head = Head(kept.head.share_id(), kept.head.version(), kept.head.to_agency(), sequence);
  const OwnKeys::Held signing = context_.identity.keys->signing();
  if (kept.type == trust::kAcknowledgementType) {
    *kept.acknowledgement.mutable_head() = head;
    return Signed(kept.type, kept.acknowledgement, signing->key);
  }
  if (kept.type == trust::kProgressType) {
    *kept.progress.mutable_head() = head;
    RETURN_IF_ERROR(SealAgain(message, kept.progress));
    return Signed(kept.type, kept.progress, signing->key);
  }
  if (kept.type == trust::kWithdrawalType) {
    *kept.withdrawal.mutable_head() = head;
    return Signed(kept.type, kept.withdrawal, signing->key);
  }
  *kept.notice.mutable_head() = head;
  return Signed(kept.type, kept.notice, signing->key);
}

absl::StatusOr<Postman::Sent> Postman::Send(const OutgoingMessage& message) {
  v1::DsseEnvelope envelope;
  if (!envelope.ParseFromString(message.envelope)) return absl::DataLossError("a kept message does not parse");
  Sent sent;
  if (message.kind == "ACKNOWLEDGEMENT") {
    v1::AcknowledgeRequest request;
    request.set_request_id(message.request_id);
    request.set_delivery_id(message.delivery_id);
    *request.mutable_acknowledgement() = envelope;
    ASSIGN_OR_RETURN(const v1::AcknowledgeResponse response, context_.broker.Acknowledge(request));
    sent.receipt = response.receipt();
  } else if (message.kind == "PROGRESS") {
    v1::ReportProgressRequest request;
    request.set_request_id(message.request_id);
    *request.mutable_progress() = envelope;
    ASSIGN_OR_RETURN(const v1::ReportProgressResponse response, context_.broker.ReportProgress(request));
    sent.receipt = response.receipt();
  } else if (message.kind == "WITHDRAWAL") {
    v1::WithdrawReferralRequest request;
    request.set_request_id(message.request_id);
    *request.add_withdrawals() = envelope;
    ASSIGN_OR_RETURN(const v1::WithdrawReferralResponse response, context_.broker.Withdraw(request));
    if (response.receipts_size() > 0) sent.receipt = response.receipts(0);
    sent.told_agencies = {response.told_agencies().begin(), response.told_agencies().end()};
  } else {
    v1::SendNoticeRequest request;
    request.set_request_id(message.request_id);
    *request.mutable_notice() = envelope;
    ASSIGN_OR_RETURN(const v1::SendNoticeResponse response, context_.broker.SendNotice(request));
    sent.receipt = response.receipt();
  }
  return sent;
}

absl::StatusOr<Postman::Sent> Postman::SendOrDrop(const OutgoingMessage& message, bool& dropped) {
  absl::StatusOr<Sent> sent = Send(message);
  if (sent.ok()) {
    const std::string reply =
        message.kind == "PROGRESS" ? sent->receipt.SerializeAsString() : absl::StrJoin(sent->told_agencies, " ");
    RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) { return changes.MessageSent(message.row, reply); }));
  }
  if (sent.ok() || WorthRetrying(sent.status())) return sent;
  // The broker will never take it: its number goes to the next message, and somebody must look.
  context_.log.Failure("a message was not taken", sent.status(),
                       {{"share", message.share_id}, {"method", message.kind}, {"reason", ReasonOf(sent.status())}});
  context_.Alarm("MESSAGE_NOT_TAKEN", message.share_id, message.peer);
  RETURN_IF_ERROR(context_.state.DropMessage(
      message, [this](const OutgoingMessage& next, uint32_t sequence) { return Renumbered(next, sequence); }));
  dropped = true;
  return sent;
}

absl::StatusOr<std::vector<std::string>> Postman::ToldOf(const std::string& share_id,
                                                         const std::set<std::string>& recipients) {
  std::vector<std::string> told;
  for (const std::string& recipient : recipients) {
    ASSIGN_OR_RETURN(const std::optional<std::string> reply,
                     context_.state.ReplyTo(WithdrawalKey(share_id, recipient)));
    if (!reply.has_value()) return absl::UnavailableError("the broker did not take a withdrawal; try again");
    for (const absl::string_view agency : absl::StrSplit(*reply, ' ', absl::SkipEmpty())) told.emplace_back(agency);
  }
  return told;
}

absl::StatusOr<std::vector<Postman::Sent>> Postman::Drain(const std::string& share_id) {
  const MutexLock lock(sending_);
  Mutex mutex;
  std::vector<Sent> wanted;
  absl::Status refused;  // Of a message about `share_id`.
  for (bool again = true; again;) {
    again = false;
    ASSIGN_OR_RETURN(const std::vector<OutgoingMessage> pending, context_.state.PendingMessages());
    const std::vector<std::vector<const OutgoingMessage*>> turns = ByTurn(pending);
    RETURN_IF_ERROR(AtOnce(turns.size(), [&](size_t i) -> absl::Status {
      for (const OutgoingMessage* message : turns[i]) {
        bool dropped = false;
        absl::StatusOr<Sent> sent = SendOrDrop(*message, dropped);
        if (!sent.ok() && !dropped) return sent.status();
        const MutexLock hold(mutex);
        const bool asked = message->share_id == share_id;
        if (asked && sent.ok()) wanted.push_back(*std::move(sent));
        if (asked && !sent.ok() && refused.ok()) refused = sent.status();
        if (!dropped) continue;
        again = true;  // What waits behind it was signed anew.
        return absl::OkStatus();
      }
      return absl::OkStatus();
    }));
  }
  RETURN_IF_ERROR(refused);
  return wanted;
}

}  // namespace derwent::agents
