#include "agents/daemon/receiver.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "agents/daemon/at_once.h"
#include "agents/daemon/fault.h"
#include "agents/daemon/turns.h"
#include "agents/sdk/envelope.h"
#include "derwent/v1/agent.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

constexpr int kMaxDeliveries = 64;
// How old an agency's keys may be when something of it is opened.
constexpr absl::Duration kKeysFresh = absl::Seconds(5);

std::string NoticeCode(v1::NoticeKind kind) {
  const std::string name = v1::NoticeKind_Name(kind);
  return name.substr(std::min(name.size(), sizeof("NOTICE_KIND_") - 1));
}

bool IsReply(const v1::Manifest& manifest) {
  return manifest.kind() == v1::PACKAGE_KIND_ANSWER || manifest.kind() == v1::PACKAGE_KIND_SUPPLEMENT;
}

v1::ReceivedReferral ReferralOf(const OpenedPackage& opened, const v1::Delivery& delivery, absl::Time now) {
  v1::ReceivedReferral referral;
  const v1::Manifest& manifest = opened.manifest;
  v1::InboxItem& item = *referral.mutable_item();
  item.set_share_id(manifest.share_id());
  item.set_sender_agency(manifest.sender_agency());
  item.set_profile(manifest.profile());
  item.set_role(manifest.recipient_role());
  item.set_state("RECEIVED");
  *item.mutable_receive_time() = ToTimestamp(now);
  item.set_marking(manifest.marking());
  for (const VerifiedUnit& unit : opened.units) {
    v1::OpenedUnit& added = *referral.add_units();
    added.set_subject(unit.subject);
    const auto subject = std::ranges::find(manifest.subjects(), unit.subject, &v1::ManifestSubject::number);
    added.set_role(subject->role());
    *added.mutable_content() = unit.content;
  }
  if (!opened.justifications.empty()) referral.set_justification(opened.justifications.begin()->second);
  *referral.mutable_obligations() = manifest.obligations();
  *referral.mutable_receipts() = delivery.receipts();
  return referral;
}

}  // namespace

absl::StatusOr<int> Receiver::CollectOnce(absl::Duration wait) {
  RETURN_IF_ERROR(context_.RequireWitnessed());
  v1::CollectRequest request;
  request.set_max_deliveries(kMaxDeliveries);
  request.mutable_wait()->set_seconds(absl::ToInt64Seconds(wait));
  ASSIGN_OR_RETURN(const v1::CollectResponse response, context_.broker.Collect(request));
  if (!response.policy_digest().empty() && response.policy_digest() != context_.policy.policy_digest()) {
    const absl::Status synced = parts_.upkeep.SyncPolicy();
    if (!synced.ok()) context_.log.Failure("the policy was not taken", synced);
  }
  const std::vector<std::vector<const v1::Delivery*>> turns = ByTurn(response);
  std::atomic<int> taken = 0;
  RETURN_IF_ERROR(AtOnce(turns.size(), [&](size_t i) -> absl::Status {
    for (const v1::Delivery* delivery : turns[i]) {
      const absl::StatusOr<bool> handled = Handle(*delivery);
      if (absl::IsUnavailable(handled.status())) return handled.status();
      if (!handled.ok())
        context_.log.Failure("a delivery was not handled", handled.status(), {{"delivery", delivery->delivery_id()}});
      if (handled.ok() && *handled) ++taken;
    }
    return absl::OkStatus();
  }));
  return taken;
}

absl::StatusOr<bool> Receiver::Handle(const v1::Delivery& delivery) {
  switch (delivery.content_case()) {
    case v1::Delivery::kPackage:
      return HandlePackage(delivery);
    case v1::Delivery::kMessage:
      return HandleMessage(delivery);
    case v1::Delivery::kNotice:
      return HandleNotice(delivery);
    case v1::Delivery::kApproval:
      return HandleApproval(delivery);
    default:
      return false;
  }
}

absl::Status Receiver::FreshKeys(const std::string& agency) {
  const KeyedLock::Hold hold(reading_keys_, agency);  // Who comes meanwhile waits for the same reading.
  const absl::Time now = context_.clock.Now();
  {
    const MutexLock lock(mutex_);
    const auto read = keys_read_.find(agency);
    if (read != keys_read_.end() && now - read->second < kKeysFresh && now >= read->second) return absl::OkStatus();
  }
  const absl::Status synced = parts_.upkeep.SyncKeys(agency);
  if (synced.ok()) {
    const MutexLock lock(mutex_);
    keys_read_[agency] = now;
  }
  return WorthRetrying(synced) ? synced : absl::OkStatus();
}

absl::StatusOr<OpenResult> Receiver::Open(const v1::Package& package, const v1::Manifest& manifest) {
  RETURN_IF_ERROR(FreshKeys(manifest.sender_agency()));
  if (!context_.policy.Knows(manifest.policy_digest())) {
    const absl::Status synced = parts_.upkeep.SyncPolicy();
    if (WorthRetrying(synced)) return synced;
  }
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  const auto sender = context_.keys.Find(manifest.sender_agency());
  const OpenContext open{
      .own_agency = context_.identity.agency,
      .sender = sender.get(),
      .sealing_key = [this](absl::string_view key_id) { return context_.identity.SealingKey(key_id); },
      .policy_known = [this](absl::string_view digest) { return context_.policy.Knows(digest); },
      .obligations = &view->obligations,
      .now = context_.clock.Now()};
  return OpenPackage(package, open);
}

absl::StatusOr<bool> Receiver::HandlePackage(const v1::Delivery& delivery) {
  ASSIGN_OR_RETURN(const bool rejected, context_.state.WasRejected(delivery.delivery_id()));
  if (rejected) return false;
  const absl::StatusOr<v1::Manifest> manifest = PeekManifest(delivery.package());
  if (!manifest.ok()) {
    context_.Alarm("PACKAGE_REJECTED", "", "");
    RETURN_IF_ERROR(context_.state.Reject(delivery.delivery_id()));
    return false;
  }
  const Sha256Digest digest = trust::Sha256(delivery.package().manifest().payload());
  ASSIGN_OR_RETURN(const std::optional<InboxRow> before, context_.state.FindReceived(manifest->share_id()));
  if (before.has_value() && before->manifest_digest == digest.view()) {
    // Handed over before; the acknowledgement was lost or is on its way: the same bytes again.
    RETURN_IF_ERROR(parts_.handover.Give(*before));
    RETURN_IF_ERROR(parts_.postman.QueueAcknowledgement(*before));
    context_.to_send.Ring();
    RETURN_IF_ERROR(parts_.postman.Drain().status());
    return true;
  }
  if (before.has_value()) {
    return Refuse(delivery, *manifest,
                  {.kind = v1::NOTICE_KIND_PACKAGE_REJECTED,
                   .why = "another package has this share id",
                   .manifest_digest = digest});
  }
  ASSIGN_OR_RETURN(OpenResult result, Open(delivery.package(), *manifest));
  if (const auto* rejection = std::get_if<Rejection>(&result); rejection != nullptr)
    return Refuse(delivery, *manifest, *rejection);
  RETURN_IF_ERROR(TakeEvidence(delivery, *manifest, digest));
  const OpenedPackage& opened = std::get<OpenedPackage>(result);
  if (IsReply(opened.manifest)) {
    const absl::Status judged = parts_.asker.Judge(opened.manifest);
    if (absl::IsInvalidArgument(judged))
      return Refuse(delivery, *manifest, {.why = std::string(judged.message()), .manifest_digest = digest});
    RETURN_IF_ERROR(judged);
  }
  return Keep(delivery, opened);
}

absl::Status Receiver::TakeEvidence(const v1::Delivery& delivery, const v1::Manifest& manifest,
                                    const Sha256Digest& digest) {
  std::vector<Evidence::Shown> shown;
  for (const v1::Receipt& receipt : delivery.receipts())
    shown.push_back({.receipt = receipt, .expected = ExpectedOf(manifest, digest)});
  const absl::Status taken =
      shown.empty() ? absl::DataLossError("a package came without evidence") : parts_.evidence.Take(shown);
  if (taken.ok() || absl::IsUnavailable(taken)) return taken;
  // The sender must know of it, and the ledger: a broker that shows no evidence has to enter that it was told so.
  if (shown.empty()) context_.Alarm("RECEIPT_MISSING", manifest.share_id(), manifest.sender_agency());
  const v1::NoticeKind complaint = shown.empty() ? v1::NOTICE_KIND_RECEIPT_MISSING : v1::NOTICE_KIND_RECEIPT_INVALID;
  RETURN_IF_ERROR(parts_.postman.QueueNotice(manifest, delivery.delivery_id(), complaint, {}, digest.bytes()));
  context_.to_send.Ring();
  RETURN_IF_ERROR(parts_.postman.Drain().status());
  return taken;
}

absl::StatusOr<bool> Receiver::Refuse(const v1::Delivery& delivery, const v1::Manifest& manifest,
                                      const Rejection& rejection) {
  const std::string code = NoticeCode(rejection.kind);
  context_.Alarm(code, manifest.share_id(), manifest.sender_agency());
  context_.metrics.ShareReceived(code);
  context_.log.Write("error", "a package was rejected",
                     {{"share", manifest.share_id()}, {"reason", code}, {"error", rejection.why}});
  RETURN_IF_ERROR(parts_.postman.QueueNotice(manifest, delivery.delivery_id(), rejection.kind, {},
                                             rejection.manifest_digest.bytes()));
  RETURN_IF_ERROR(context_.state.Reject(delivery.delivery_id()));
  RETURN_IF_ERROR(parts_.postman.Drain().status());
  return false;
}

// What is kept of a package; nullopt: nothing but its manifest (a selector that matched nobody).
absl::StatusOr<std::optional<std::string>> Receiver::ContentOf(const OpenedPackage& opened,
                                                               const v1::Delivery& delivery, absl::Time now) {
  if (IsReply(opened.manifest)) return Asker::Kept(opened, delivery.receipts()).SerializeAsString();
  if (opened.manifest.kind() == v1::PACKAGE_KIND_SELECTOR) {
    ASSIGN_OR_RETURN(const bool matched, parts_.holder.Take(opened));
    if (!matched) return std::nullopt;
  }
  return ReferralOf(opened, delivery, now).SerializeAsString();
}

absl::StatusOr<bool> Receiver::Keep(const v1::Delivery& delivery, const OpenedPackage& opened) {
  const v1::Manifest& manifest = opened.manifest;
  const absl::Time now = context_.clock.Now();
  if (!opened.mislabelled.empty()) {
    context_.Alarm("MISLABELLED", manifest.share_id(), manifest.sender_agency());
    RETURN_IF_ERROR(parts_.postman.QueueNotice(manifest, delivery.delivery_id(), v1::NOTICE_KIND_MISLABELLED,
                                               opened.mislabelled, opened.manifest_digest.bytes()));
  }
  InboxRow row{
      .share_id = manifest.share_id(),
      .delivery_id = delivery.delivery_id(),
      .sender = manifest.sender_agency(),
      .state = "RECEIVED",
      .manifest = delivery.package().manifest().payload(),
      .manifest_digest = opened.manifest_digest.bytes(),
      .receive_time = now,
      .handed_over = manifest.kind() != v1::PACKAGE_KIND_REFERRAL};  // Requests and answers are opened by persons only.
  ASSIGN_OR_RETURN(const std::optional<std::string> content, ContentOf(opened, delivery, now));
  if (content.has_value()) {
    const trust::SecretBytes plain = trust::SecretBytes::CopyOf(*content);
    ASSIGN_OR_RETURN(row.content,
                     SealForStore(context_.identity, row.share_id, plain.RevealForCrypto(), context_.random));
  }
  RETURN_IF_ERROR(context_.state.SaveReceived(row).status());
  if (IsReply(manifest)) RETURN_IF_ERROR(parts_.asker.Take(manifest));
  RETURN_IF_ERROR(parts_.handover.Give(row));
  RETURN_IF_ERROR(parts_.postman.QueueAcknowledgement(row));
  context_.to_send.Ring();
  context_.metrics.ShareReceived("TAKEN");
  context_.log.Write("info", "a share was received", {{"share", row.share_id}, {"peer", row.sender}});
  RETURN_IF_ERROR(parts_.postman.Drain().status());
  return true;
}

absl::StatusOr<bool> Receiver::End(const std::string& delivery_id) {
  v1::AcknowledgeRequest request;
  request.set_request_id(context_.random.NewOrderedUuid(context_.clock.Now()).text());
  request.set_delivery_id(delivery_id);
  RETURN_IF_ERROR(context_.broker.Acknowledge(request).status());
  return true;
}

absl::StatusOr<bool> Receiver::HandleApproval(const v1::Delivery& delivery) {
  const absl::Status taken = parts_.holder.TakeApproval(delivery.approval());
  if (absl::IsUnavailable(taken) || absl::IsDataLoss(taken)) return taken;
  if (!taken.ok()) {
    context_.Alarm("APPROVAL_REJECTED", "", "");
    context_.log.Failure("an approval does not count", taken);
  }
  return End(delivery.delivery_id());
}

absl::StatusOr<bool> Receiver::HandleQuestion(const v1::Delivery& delivery) {
  v1::ApprovalQuestion question;
  const std::string holder =
      question.ParseFromString(delivery.message().payload()) ? question.proposed().holder_agency() : "";
  if (!holder.empty()) RETURN_IF_ERROR(FreshKeys(holder));
  const absl::Status taken = parts_.approver.TakeQuestion(delivery.message(), question);
  if (absl::IsUnavailable(taken)) return taken;
  if (!taken.ok()) {
    context_.Alarm("MESSAGE_REJECTED", "", holder);
    context_.log.Failure("a question to an approver was rejected", taken);
  }
  return End(delivery.delivery_id());
}

absl::StatusOr<bool> Receiver::HandleMessage(const v1::Delivery& delivery) {
  if (delivery.message().payload_type() == kApprovalQuestionType) return HandleQuestion(delivery);
  const absl::StatusOr<IncomingMessage> message = ReadMessage(delivery.message());
  if (!message.ok()) {
    context_.Alarm("MESSAGE_REJECTED", "", "");
    return End(delivery.delivery_id());
  }
  const v1::MessageHead& head = message->head;
  RETURN_IF_ERROR(FreshKeys(head.from_agency()));
  const auto sender = context_.keys.Find(head.from_agency());
  const absl::Status verified =
      VerifyMessage(delivery.message(), *message, context_.identity.agency, *sender, context_.clock.Now());
  if (!verified.ok()) {
    context_.Alarm("MESSAGE_REJECTED", head.share_id(), head.from_agency());
    context_.log.Failure("a message was rejected", verified, {{"share", head.share_id()}});
    return End(delivery.delivery_id());
  }
  ASSIGN_OR_RETURN(const uint32_t last, context_.state.LastSequence(head.share_id(), head.from_agency()));
  switch (JudgeSequence(last, head.sequence())) {
    case SequenceVerdict::kReplay:
      // The same delivery again only says that our own answer to the broker was lost.
      if (!delivery.repeated_delivery()) context_.Alarm("MESSAGE_REPLAYED", head.share_id(), head.from_agency());
      return End(delivery.delivery_id());
    case SequenceVerdict::kGap:
      context_.Alarm("SEQUENCE_BROKEN", head.share_id(), head.from_agency());
      RETURN_IF_ERROR(context_.state.HoldMessage(head.share_id(), head.from_agency(), head.sequence(),
                                                 delivery.message().SerializeAsString()));
      return End(delivery.delivery_id());
    case SequenceVerdict::kNext:
      break;
  }
  RETURN_IF_ERROR(Apply(*message));
  RETURN_IF_ERROR(context_.state.AcceptSequence(head.share_id(), head.from_agency(), head.sequence()));
  RETURN_IF_ERROR(ApplyHeld(head));
  return End(delivery.delivery_id());
}

// Messages held behind a gap follow once it is filled.
absl::Status Receiver::ApplyHeld(const v1::MessageHead& head) {
  for (uint32_t next = head.sequence() + 1;; ++next) {
    ASSIGN_OR_RETURN(const std::optional<std::string> held,
                     context_.state.TakeHeld(head.share_id(), head.from_agency(), next));
    if (!held.has_value()) return absl::OkStatus();
    v1::DsseEnvelope envelope;
    if (!envelope.ParseFromString(*held)) return absl::DataLossError("a held message does not parse");
    ASSIGN_OR_RETURN(const IncomingMessage message, ReadMessage(envelope));
    RETURN_IF_ERROR(Apply(message));
    RETURN_IF_ERROR(context_.state.AcceptSequence(head.share_id(), head.from_agency(), next));
  }
}

absl::Status Receiver::Apply(const IncomingMessage& message) {
  if (message.type == kAcknowledgementType) return ApplyAcknowledgement(message.head, message.acknowledgement);
  if (message.type == kProgressType) return ApplyProgress(message.head, message.progress);
  if (message.type == kWithdrawalType) return ApplyWithdrawal(message.head, message.withdrawal);
  context_.Alarm(absl::StrCat("NOTICE_", NoticeCode(message.notice.kind())), message.head.share_id(),
                 message.head.from_agency());
  return absl::OkStatus();
}

absl::Status Receiver::ApplyAcknowledgement(const v1::MessageHead& head, const v1::Acknowledgement& acknowledgement) {
  const std::string& share = head.share_id();
  const std::string& peer = head.from_agency();
  ASSIGN_OR_RETURN(const std::string sent, context_.state.Kept(absl::StrCat("manifest/", share, "/", peer)));
  if (sent != acknowledgement.manifest_digest()) {
    context_.Alarm("ACKNOWLEDGEMENT_FALSE", share, peer);
    return absl::OkStatus();
  }
  return context_.state.HeardOf(share, peer, "ACKNOWLEDGED");
}

absl::Status Receiver::ApplyProgress(const v1::MessageHead& head, const v1::Progress& progress) {
  const std::string& share = head.share_id();
  ProgressRow row{.agency = head.from_agency(),
                  .state = progress.state(),
                  .reason = progress.reason(),
                  .create_time = FromTimestamp(head.create_time())};
  if (const trust::SigningKey* key = context_.identity.SealingKey(progress.sealing_key_id()); key != nullptr) {
    const absl::StatusOr<std::string> note = OpenNote(head, progress.sealed_note(), *key);
    if (!note.ok()) context_.Alarm("NOTE_UNREADABLE", share, head.from_agency());
    if (note.ok()) {
      ASSIGN_OR_RETURN(row.note, SealForStore(context_.identity, share, *note, context_.random));
    }
  }
  return context_.state.AddProgress(share, row);
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
  return parts_.handover.GiveWithdrawal(share, IsWithdrawalReason(withdrawal.reason()) ? withdrawal.reason() : "OTHER",
                                        withdrawal.delete_copies());
}

absl::StatusOr<bool> Receiver::HandleNotice(const v1::Delivery& delivery) {
  const v1::BrokerNotice& notice = delivery.notice();
  switch (notice.kind()) {
    case v1::BROKER_NOTICE_KIND_EXPIRED:
      RETURN_IF_ERROR(context_.state.HeardOf(notice.share_id(), notice.recipient_agency(), "EXPIRED"));
      context_.Alarm("SHARE_EXPIRED", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_HELD:
      context_.Alarm("SHARE_HELD", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_ACCEPTANCE_OVERDUE:
      context_.Alarm("ACCEPTANCE_OVERDUE", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_QUOTA_EXCEEDED:
      context_.Alarm("QUOTA_EXCEEDED", notice.share_id(), notice.recipient_agency());
      break;
    case v1::BROKER_NOTICE_KIND_OUTCOME_OVERDUE:
      context_.Alarm(notice.reason() == "EMERGENCY_REVIEW_OVERDUE" ? "EMERGENCY_REVIEW_OVERDUE" : "OUTCOME_OVERDUE",
                     notice.share_id(), notice.recipient_agency());
      break;
    default:
      context_.Alarm("NOTICE_UNKNOWN", notice.share_id(), notice.recipient_agency());
  }
  return End(delivery.delivery_id());
}

}  // namespace derwent::agents
