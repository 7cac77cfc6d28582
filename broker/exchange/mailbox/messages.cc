#include <algorithm>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/share/stored.h"
#include "derwent/v1/message.pb.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

// Progress, withdrawals and notices: signed by one party, entered, and put into the other's mailbox.

namespace derwent::exchange {
namespace {

constexpr size_t kLongestNote = 16 << 10;

// Reads the message that `envelope` of field `name` carries, and checks the call's id: what is wrong before anything is
// known.
template <typename Message>
absl::StatusOr<Message> ReadMessage(const std::string& request_id, const v1::DsseEnvelope& envelope,
                                    absl::string_view name) {
  Message message;
  Violations violations;
  violations.Require(Uuid::Parse(request_id).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(message.ParseFromString(envelope.payload()) && message.has_head(), name,
                     "is a signed message with a head");
  RETURN_IF_ERROR(violations.ToStatus());
  return message;
}

void CheckHead(const Caller& caller, const v1::MessageHead& head, absl::Time now, const Limits& limits,
               Violations& violations) {
  violations.Require(Uuid::Parse(head.share_id()).ok(), "head.share_id", "is a UUID in lowercase");
  violations.Require(head.from_agency() == caller.agency(), "head.from_agency", "is the caller's agency");
  violations.Require(!head.to_agency().empty() && head.to_agency() != head.from_agency(), "head.to_agency",
                     "is the other party");
  const absl::Time made = trust::FromTimestamp(head.create_time());
  violations.Require(made > now - absl::Hours(24 * 7) && made < now + limits.clock_skew, "head.create_time",
                     "is within the last week and not in the future");
}

// The part a message is about, and whether the caller is its recipient.
struct About {
  StoredPart stored;
  bool from_recipient = false;
};

absl::StatusOr<About> FindAbout(const v1::MessageHead& head, Batch& batch) {
  for (const bool from_recipient : {true, false}) {
    const std::string& recipient = from_recipient ? head.from_agency() : head.to_agency();
    absl::StatusOr<StoredPart> stored = LoadPart({.share_id = head.share_id(), .recipient_agency = recipient}, batch);
    const std::string& other = from_recipient ? head.to_agency() : head.from_agency();
    if (stored.ok() && stored->share.sender_agency == other)
      return About{.stored = *std::move(stored), .from_recipient = from_recipient};
  }
  return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no share between these two parties has this id");
}

// Numbers count per share and direction without gaps: a number again is a replay, a gap a loss.
absl::Status TakeSequence(const v1::MessageHead& head, About& about) {
  uint32_t& last = about.from_recipient ? about.stored.part.recipient_sequence : about.stored.part.sender_sequence;
  if (head.sequence() != last + 1)
    return Refuse(absl::StatusCode::kFailedPrecondition, "SEQUENCE_BROKEN",
                  absl::StrCat("the message is number ", head.sequence(), ", the next is ", last + 1));
  last = head.sequence();
  return absl::OkStatus();
}

// Enters the step, stores the part and delivers the message to the other party.
absl::StatusOr<uint64_t> Forward(absl::string_view step, About& about, const v1::DsseEnvelope& envelope,
                                 const v1::MessageHead& head, Batch& batch, absl::string_view code = "") {
  about.stored.part.update_time = batch.now();
  RETURN_IF_ERROR(batch.write().UpdatePart(about.stored.part));
  const By actor = about.from_recipient ? By::kRecipient : By::kSender;
  ASSIGN_OR_RETURN(const std::vector<uint64_t> entries, EnterStep(step, actor, about.stored, {}, batch, code));
  RETURN_IF_ERROR(batch.Deliver({.mailbox_agency = head.to_agency(),
                                 .share_id = head.share_id(),
                                 .kind = kMessageDelivery,
                                 .payload = envelope.SerializeAsString(),
                                 .entry_indexes = entries,
                                 .create_time = batch.now()}));
  return entries.front();
}

bool RejectsPackage(v1::NoticeKind kind) {
  return kind == v1::NOTICE_KIND_PACKAGE_REJECTED || kind == v1::NOTICE_KIND_KEY_UNTRUSTED ||
         kind == v1::NOTICE_KIND_OBLIGATION_UNKNOWN;
}

// A package its recipient rejected would fail the same way again: it is delivered no more.
absl::Status HoldRejected(About& about, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> waiting, batch.read().DeliveriesOfPart(about.stored.part.key));
  for (const store::DeliveryRow& row : waiting) {
    if (row.kind != kPackageDelivery || row.held) continue;
    RETURN_IF_ERROR(batch.write().HoldDelivery(row.sequence));
    about.stored.part.state = v1::RECIPIENT_STATE_HELD;
  }
  return absl::OkStatus();
}

bool OneOf(const std::string& value, std::initializer_list<const char*> allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const char* one) { return value == one; });
}

void CheckProgress(const v1::Progress& progress, Violations& violations) {
  violations.Require(progress.state() != v1::PROGRESS_STATE_UNSPECIFIED && v1::ProgressState_IsValid(progress.state()),
                     "progress.state", "is a state");
  if (progress.state() == v1::PROGRESS_STATE_DECLINED) {
    violations.Require(OneOf(progress.reason(), {"NOT_OUR_AREA", "THRESHOLD_NOT_MET", "ALREADY_KNOWN", "WRONG_SERVICE",
                                                 "CAPACITY", "CONFLICT_OF_INTEREST", "OTHER"}),
                       "progress.reason", "is a code for declining");
  } else if (progress.state() == v1::PROGRESS_STATE_CLOSED) {
    violations.Require(OneOf(progress.reason(),
                             {"SAFE", "ACTIONS_COMPLETE", "NO_FURTHER_ACTION", "TRANSFERRED", "NOT_ENGAGED", "OTHER"}),
                       "progress.reason", "is a code for an outcome");
  } else {
    const bool code = std::all_of(progress.reason().begin(), progress.reason().end(),
                                  [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
    const bool named = progress.state() != v1::PROGRESS_STATE_AWAITING_APPROVAL || !progress.reason().empty();
    violations.Require(code && named && progress.reason().size() <= 40, "progress.reason",
                       "is an UPPER_SNAKE code, or empty where nothing is awaited");
  }
  violations.Require(progress.sealed_note().size() <= kLongestNote, "progress.sealed_note", "is 16 KiB at most");
}

// Of a request a holder tells only that an approval is awaited, and under an existence-sensitive profile not even that.
absl::Status AdvanceRequest(const v1::Progress& progress, const store::ShareRow& share, store::PartRow& part) {
  const bool open =
      part.state == v1::RECIPIENT_STATE_ACKNOWLEDGED || part.state == v1::RECIPIENT_STATE_AWAITING_APPROVAL;
  if (share.existence_sensitive || !open || progress.state() != v1::PROGRESS_STATE_AWAITING_APPROVAL) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                  "the request is not in a state that this progress may follow");
  }
  part.state = v1::RECIPIENT_STATE_AWAITING_APPROVAL;
  part.reason = progress.reason();
  return absl::OkStatus();
}

// Which states a progress may follow, and what it makes of the part.
absl::Status Advance(const v1::Progress& progress, const store::ShareRow& share, store::PartRow& part) {
  if (share.kind == v1::PACKAGE_KIND_SELECTOR) return AdvanceRequest(progress, share, part);
  const bool open = part.state == v1::RECIPIENT_STATE_ACKNOWLEDGED || part.state == v1::RECIPIENT_STATE_ACCEPTED;
  const bool fresh = part.state == v1::RECIPIENT_STATE_ACKNOWLEDGED;
  bool allowed = open && share.kind == v1::PACKAGE_KIND_REFERRAL;
  switch (progress.state()) {
    case v1::PROGRESS_STATE_ACCEPTED:
      allowed = allowed && fresh;
      if (allowed) part.state = v1::RECIPIENT_STATE_ACCEPTED;
      break;
    case v1::PROGRESS_STATE_DECLINED:
      allowed = allowed && fresh;
      if (allowed) part.state = v1::RECIPIENT_STATE_DECLINED;
      break;
    case v1::PROGRESS_STATE_CLOSED:
      allowed = allowed && part.state == v1::RECIPIENT_STATE_ACCEPTED;
      if (allowed) part.state = v1::RECIPIENT_STATE_CLOSED;
      break;
    case v1::PROGRESS_STATE_AWAITING_APPROVAL:
      allowed = false;
      break;
    default:
      break;
  }
  if (!allowed)
    return Refuse(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                  "the referral is not in a state that this progress may follow");
  if (!progress.reason().empty()) part.reason = progress.reason();
  if (part.state != v1::RECIPIENT_STATE_ACKNOWLEDGED) part.acceptance.time.reset();
  if (part.state == v1::RECIPIENT_STATE_CLOSED || part.state == v1::RECIPIENT_STATE_DECLINED) part.outcome.time.reset();
  return absl::OkStatus();
}

absl::Status WithdrawOne(const Caller& caller, const std::string& request_id, const v1::DsseEnvelope& envelope,
                         v1::WithdrawReferralResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const v1::Withdrawal withdrawal, ReadMessage<v1::Withdrawal>(request_id, envelope, "withdrawals"));
  Violations violations;
  CheckHead(caller, withdrawal.head(), batch.now(), batch.world().limits, violations);
  violations.Require(
      OneOf(withdrawal.reason(), {"SENT_IN_ERROR", "SUPERSEDED", "CONSENT_WITHDRAWN", "RECTIFIED", "ERASED", "OTHER"}),
      "withdrawal.reason", "is a code for a withdrawal");
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(CheckSigned(batch.world(), caller.agency(), envelope, trust::kWithdrawalType, batch.now()));
  ASSIGN_OR_RETURN(About about, FindAbout(withdrawal.head(), batch));
  if (about.from_recipient)
    return Refuse(absl::StatusCode::kPermissionDenied, "RECIPIENT_NOT_PARTY", "only the sender withdraws a share");
  RETURN_IF_ERROR(TakeSequence(withdrawal.head(), about));
  bool had_it = about.stored.part.state != v1::RECIPIENT_STATE_WAITING &&
                about.stored.part.state != v1::RECIPIENT_STATE_HELD &&
                about.stored.part.state != v1::RECIPIENT_STATE_EXPIRED;
  ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> waiting, batch.read().DeliveriesOfPart(about.stored.part.key));
  for (const store::DeliveryRow& row : waiting) {
    if (row.kind != kPackageDelivery) continue;
    had_it = had_it || row.collected_count > 0;  // Held only after it was collected.
    RETURN_IF_ERROR(batch.write().DeleteDelivery(row.sequence));
  }
  about.stored.part.state = v1::RECIPIENT_STATE_WITHDRAWN;
  about.stored.part.reason = withdrawal.reason();
  about.stored.part.collection.time.reset();
  about.stored.part.acceptance.time.reset();
  // Where existence is secret a request's end stays due: what became of approvals is entered then.
  const bool secret_request =
      about.stored.share.kind == v1::PACKAGE_KIND_SELECTOR && about.stored.share.existence_sensitive;
  if (!secret_request) about.stored.part.outcome.time.reset();
  ASSIGN_OR_RETURN(const uint64_t index, Forward("withdrawal", about, envelope, withdrawal.head(), batch));
  response.add_receipts()->set_index(index);
  if (had_it) response.add_told_agencies(about.stored.part.key.recipient_agency);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReportProgress(const Caller& caller, const v1::ReportProgressRequest& request,
                            v1::ReportProgressResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const v1::Progress progress,
                   ReadMessage<v1::Progress>(request.request_id(), request.progress(), "progress"));
  const Sha256Digest digest = trust::Sha256(request.progress().payload());
  ASSIGN_OR_RETURN(const bool before,
                   Answered(caller, "ReportProgress", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  Violations violations;
  CheckHead(caller, progress.head(), batch.now(), batch.world().limits, violations);
  CheckProgress(progress, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(CheckSigned(batch.world(), caller.agency(), request.progress(), trust::kProgressType, batch.now()));
  ASSIGN_OR_RETURN(About about, FindAbout(progress.head(), batch));
  if (!about.from_recipient)
    return Refuse(absl::StatusCode::kPermissionDenied, "RECIPIENT_NOT_PARTY", "only a recipient reports progress");
  RETURN_IF_ERROR(TakeSequence(progress.head(), about));
  RETURN_IF_ERROR(Advance(progress, about.stored.share, about.stored.part));
  ASSIGN_OR_RETURN(const uint64_t index, Forward("progress", about, request.progress(), progress.head(), batch));
  response.mutable_receipt()->set_index(index);
  response.set_state(static_cast<v1::RecipientState>(about.stored.part.state));
  return Remember(caller, "ReportProgress", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::Status WithdrawReferral(const Caller& caller, const v1::WithdrawReferralRequest& request,
                              v1::WithdrawReferralResponse& response, Batch& batch) {
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(request.withdrawals_size() >= 1 && request.withdrawals_size() <= batch.world().limits.recipients,
                     "withdrawals", "are 1 to 20");
  RETURN_IF_ERROR(violations.ToStatus());
  std::string payloads;
  for (const v1::DsseEnvelope& envelope : request.withdrawals())
    absl::StrAppend(&payloads, trust::Sha256(envelope.payload()).view());
  const Sha256Digest digest = trust::Sha256(payloads);
  ASSIGN_OR_RETURN(const bool before,
                   Answered(caller, "WithdrawReferral", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  for (const v1::DsseEnvelope& envelope : request.withdrawals())
    RETURN_IF_ERROR(WithdrawOne(caller, request.request_id(), envelope, response, batch));
  return Remember(caller, "WithdrawReferral", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::Status SendNotice(const Caller& caller, const v1::SendNoticeRequest& request, v1::SendNoticeResponse& response,
                        Batch& batch) {
  ASSIGN_OR_RETURN(const v1::Notice notice, ReadMessage<v1::Notice>(request.request_id(), request.notice(), "notice"));
  const Sha256Digest digest = trust::Sha256(request.notice().payload());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, "SendNotice", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  Violations violations;
  CheckHead(caller, notice.head(), batch.now(), batch.world().limits, violations);
  violations.Require(notice.kind() != v1::NOTICE_KIND_UNSPECIFIED && v1::NoticeKind_IsValid(notice.kind()),
                     "notice.kind", "is a kind");
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(CheckSigned(batch.world(), caller.agency(), request.notice(), trust::kNoticeType, batch.now()));
  ASSIGN_OR_RETURN(About about, FindAbout(notice.head(), batch));
  RETURN_IF_ERROR(TakeSequence(notice.head(), about));
  about.stored.part.reason = v1::NoticeKind_Name(notice.kind()).substr(sizeof("NOTICE_KIND_") - 1);
  if (about.from_recipient && RejectsPackage(notice.kind())) RETURN_IF_ERROR(HoldRejected(about, batch));
  ASSIGN_OR_RETURN(const uint64_t index,
                   Forward("notice", about, request.notice(), notice.head(), batch, about.stored.part.reason));
  response.mutable_receipt()->set_index(index);
  return Remember(caller, "SendNotice", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
