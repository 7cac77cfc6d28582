#include "absl/strings/str_cat.h"

#include "agents/daemon/context/sealing.h"
#include "agents/daemon/receiving/receiver.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

// Messages of other agencies about a share, in the order of their sequence; questions to approvers.

namespace derwent::agents {

absl::StatusOr<bool> Receiver::HandleQuestion(const v1::Delivery& delivery) {
  v1::ApprovalQuestion question;
  const std::string holder =
      question.ParseFromString(delivery.message().payload()) ? question.proposed().holder_agency() : "";
  if (!holder.empty()) RETURN_IF_ERROR(FreshKeys(holder, delivery.message()));
  const absl::Status taken = parts_.approver.TakeQuestion(delivery.message(), question);
  if (absl::IsUnavailable(taken)) return taken;
  if (!taken.ok()) {
    context_.Alarm("MESSAGE_REJECTED", "", holder);
    context_.log.Failure("a question to an approver was rejected", taken);
  }
  return End(delivery.delivery_id());
}

absl::StatusOr<bool> Receiver::HandleRights(const v1::Delivery& delivery) {
  const std::string by = RightsTaker::SaidBy(delivery.message());
  if (!by.empty()) RETURN_IF_ERROR(FreshKeys(by, delivery.message()));
  const absl::Status taken = parts_.rights.Take(delivery.message());
  if (absl::IsUnavailable(taken) || absl::IsDataLoss(taken)) return taken;
  if (!taken.ok()) {
    context_.Alarm("MESSAGE_REJECTED", "", by);
    context_.log.Failure("what was said about a rights event was rejected", taken);
  }
  return End(delivery.delivery_id());
}

absl::StatusOr<bool> Receiver::HandleMessage(const v1::Delivery& delivery) {
  if (delivery.message().payload_type() == trust::kApprovalQuestionType) return HandleQuestion(delivery);
  if (RightsTaker::IsAboutRights(delivery.message())) return HandleRights(delivery);
  const absl::StatusOr<IncomingMessage> message = ReadMessage(delivery.message());
  if (!message.ok()) {
    context_.Alarm("MESSAGE_REJECTED", "", "");
    return End(delivery.delivery_id());
  }
  const v1::MessageHead& head = message->head;
  RETURN_IF_ERROR(FreshKeys(head.from_agency(), delivery.message()));
  const auto sender = context_.keys.Find(head.from_agency());
  const absl::Status verified =
      VerifyMessage(delivery.message(), *message, context_.identity.agency, *sender, context_.clock.Now());
  if (!verified.ok()) {
    context_.Alarm("MESSAGE_REJECTED", head.share_id(), head.from_agency());
    context_.log.Failure("a message was rejected", verified, {{"share", head.share_id()}});
    if (head.to_agency() == context_.identity.agency) RETURN_IF_ERROR(PassOver(head));
    return End(delivery.delivery_id());
  }
  ASSIGN_OR_RETURN(const uint32_t last, context_.state.LastSequence(head.share_id(), head.from_agency()));
  switch (JudgeSequence(last, head.sequence())) {
    case SequenceVerdict::kReplay:
      // The same delivery again only says that our own answer to the broker was lost.
      if (!delivery.repeated_delivery()) context_.Alarm("MESSAGE_REPLAYED", head.share_id(), head.from_agency());
      break;
    case SequenceVerdict::kGap:
      RETURN_IF_ERROR(context_.state.HoldMessage(head.share_id(), head.from_agency(), head.sequence(),
                                                 delivery.message().SerializeAsString()));
      break;
    case SequenceVerdict::kNext:
      RETURN_IF_ERROR(Accept(*message));
      break;
  }
  // After a replay too: a crash may have come between a message and those that waited for it.
  ASSIGN_OR_RETURN(const uint32_t reached, ApplyHeld(head));
  if (reached < head.sequence()) context_.Alarm("SEQUENCE_BROKEN", head.share_id(), head.from_agency());
  return End(delivery.delivery_id());
}

absl::Status Receiver::PassOver(const v1::MessageHead& head) {
  ASSIGN_OR_RETURN(const uint32_t last, context_.state.LastSequence(head.share_id(), head.from_agency()));
  if (head.sequence() <= last) return absl::OkStatus();
  RETURN_IF_ERROR(context_.state.PassOver(head.share_id(), head.from_agency(), head.sequence()));
  return ApplyHeld(head).status();
}

absl::StatusOr<uint32_t> Receiver::ApplyHeld(const v1::MessageHead& head) {
  ASSIGN_OR_RETURN(uint32_t reached, context_.state.LastSequence(head.share_id(), head.from_agency()));
  for (uint32_t next = reached + 1;; ++next) {
    ASSIGN_OR_RETURN(const std::optional<std::string> held,
                     context_.state.HeldMessage(head.share_id(), head.from_agency(), next));
    if (!held.has_value()) return reached;
    if (held->empty()) continue;  // Rejected; it counts as taken once another follows.
    v1::DsseEnvelope envelope;
    if (!envelope.ParseFromString(*held)) return absl::DataLossError("a held message does not parse");
    ASSIGN_OR_RETURN(const IncomingMessage message, ReadMessage(envelope));
    RETURN_IF_ERROR(Accept(message));
    reached = next;
  }
}

absl::Status Receiver::Accept(const IncomingMessage& message) {
  ASSIGN_OR_RETURN(const Effect effect, Apply(message));
  const v1::MessageHead& head = message.head;
  return context_.state.Together([&](Changes& changes) -> absl::Status {
    if (effect) RETURN_IF_ERROR(effect(changes));
    return changes.AcceptSequence(head.share_id(), head.from_agency(), head.sequence());
  });
}

absl::StatusOr<Receiver::Effect> Receiver::Apply(const IncomingMessage& message) {
  if (message.type == trust::kAcknowledgementType) return ApplyAcknowledgement(message.head, message.acknowledgement);
  if (message.type == trust::kProgressType) return ApplyProgress(message.head, message.progress);
  if (message.type == trust::kWithdrawalType) {
    RETURN_IF_ERROR(ApplyWithdrawal(message.head, message.withdrawal));
    return nullptr;
  }
  context_.Alarm(absl::StrCat("NOTICE_", NoticeCode(message.notice.kind())), message.head.share_id(),
                 message.head.from_agency());
  return nullptr;
}

absl::StatusOr<Receiver::Effect> Receiver::ApplyAcknowledgement(const v1::MessageHead& head,
                                                                const v1::Acknowledgement& acknowledgement) {
  const std::string& share = head.share_id();
  const std::string& peer = head.from_agency();
  ASSIGN_OR_RETURN(const std::string sent, SentTo(share, peer, context_.state));
  if (sent != acknowledgement.manifest_digest()) {
    context_.Alarm("ACKNOWLEDGEMENT_FALSE", share, peer);
    return nullptr;
  }
  return [share, peer](Changes& changes) { return changes.HeardOf(share, peer, "ACKNOWLEDGED"); };
}

absl::StatusOr<Receiver::Effect> Receiver::ApplyProgress(const v1::MessageHead& head, const v1::Progress& progress) {
  const std::string& share = head.share_id();
  ProgressRow row{.agency = head.from_agency(),
                  .state = progress.state(),
                  .reason = progress.reason(),
                  .create_time = trust::FromTimestamp(head.create_time())};
  if (const OwnKeys::Held key = context_.identity.keys->Sealing(progress.sealing_key_id()); key != nullptr) {
    const absl::StatusOr<std::string> note = OpenNote(head, progress.sealed_note(), key->key);
    if (!note.ok()) context_.Alarm("NOTE_UNREADABLE", share, head.from_agency());
    if (note.ok()) {
      ASSIGN_OR_RETURN(row.note, SealForStore(context_.identity, share, *note, context_.random));
    }
  }
  return [share, row](Changes& changes) { return changes.AddProgress(share, row); };
}

absl::Status Receiver::ApplyWithdrawal(const v1::MessageHead& head, const v1::Withdrawal& withdrawal) {
  const std::string& share = head.share_id();
  ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(share));
  if (!received.has_value() || received->sender != head.from_agency()) return absl::OkStatus();
  RETURN_IF_ERROR(context_.state.SetReceivedState(share, "WITHDRAWN"));
  if (withdrawal.delete_copies()) RETURN_IF_ERROR(context_.state.EraseReceived(share));
  v1::Manifest manifest;
  if (manifest.ParseFromString(received->manifest) && manifest.kind() == v1::PACKAGE_KIND_SELECTOR) {
    RETURN_IF_ERROR(context_.state.EraseReceived(share));
    return parts_.holder.Cancelled(share);
  }
  return parts_.handover.GiveWithdrawal(
      {.share_id = share,
       .number = head.sequence(),
       .reason = IsWithdrawalReason(withdrawal.reason()) ? withdrawal.reason() : "OTHER",
       .delete_copies = withdrawal.delete_copies()});
}

}  // namespace derwent::agents
