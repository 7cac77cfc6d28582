#include "agents/sdk/messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "agents/sdk/agency_signature.h"
#include "agents/sdk/mailbox_lifetime.h"
#include "agents/sdk/seal/hpke.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/identity/key_event.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

template <typename Message>
absl::Status ReadAs(const std::string& payload, Message& message, v1::MessageHead& head) {
  if (!message.ParseFromString(payload)) return absl::InvalidArgumentError("a message is malformed");
  head = message.head();
  return absl::OkStatus();
}

absl::Status Read(const v1::DsseEnvelope& envelope, IncomingMessage& message) {
  const std::string& payload = envelope.payload();
  if (message.type == trust::kAcknowledgementType) return ReadAs(payload, message.acknowledgement, message.head);
  if (message.type == trust::kProgressType) return ReadAs(payload, message.progress, message.head);
  if (message.type == trust::kWithdrawalType) return ReadAs(payload, message.withdrawal, message.head);
  if (message.type == trust::kNoticeType) return ReadAs(payload, message.notice, message.head);
  return absl::InvalidArgumentError("the message's type is not known here");
}

std::string NoteBinding(const v1::MessageHead& head) {
  const absl::string_view zero("\0", 1);
  return absl::StrCat("derwent/progress-note/v1", zero, head.share_id(), zero, head.version(), zero, head.from_agency(),
                      zero, head.to_agency(), zero, head.sequence());
}

bool IsCode(absl::string_view reason) {
  return !reason.empty() && reason.size() <= 40 &&
         std::ranges::all_of(reason, [](char c) { return absl::ascii_isupper(c) || c == '_'; });
}

bool OneOf(absl::Span<const absl::string_view> list, absl::string_view reason) {
  return std::ranges::find(list, reason) != list.end();
}

}  // namespace

absl::StatusOr<IncomingMessage> ReadMessage(const v1::DsseEnvelope& envelope) {
  IncomingMessage message{.type = envelope.payload_type()};
  RETURN_IF_ERROR(Read(envelope, message));
  const v1::MessageHead& head = message.head;
  if (!Uuid::Parse(head.share_id()).ok() || head.from_agency().empty() || head.to_agency().empty() ||
      head.sequence() == 0) {
    return absl::InvalidArgumentError("a message's head is not complete");
  }
  return message;
}

absl::Status VerifyMessage(const v1::DsseEnvelope& envelope, const IncomingMessage& message,
                           absl::string_view own_agency, const trust::KeyHistory& sender, absl::Time now) {
  if (message.head.to_agency() != own_agency) return absl::UnauthenticatedError("the message is for another agency");
  if (message.head.from_agency() != sender.agency())
    return absl::UnauthenticatedError("the message is of another agency");
  const absl::Time made = trust::FromTimestamp(message.head.create_time());
  if (made + kMailboxLifetime <= now) return absl::UnauthenticatedError("the message is older than it may be");
  return VerifySigned(envelope, message.type, sender, made, now);
}

SequenceVerdict JudgeSequence(uint32_t last, uint32_t sequence) {
  if (sequence <= last) return SequenceVerdict::kReplay;
  return sequence == last + 1 ? SequenceVerdict::kNext : SequenceVerdict::kGap;
}

absl::StatusOr<std::string> SealNote(const v1::MessageHead& head, absl::string_view note, const trust::PublicKey& to) {
  if (note.size() > kMaxNote) return absl::InvalidArgumentError("a note is too long");
  return HpkeSeal(to, NoteBinding(head), "", note);
}

absl::StatusOr<std::string> OpenNote(const v1::MessageHead& head, absl::string_view sealed,
                                     const trust::SigningKey& own) {
  return HpkeOpen(own, NoteBinding(head), "", sealed);
}

absl::Span<const absl::string_view> ProgressReasons(v1::ProgressState state) {
  static constexpr std::array<absl::string_view, 7> kDeclined = {
      "NOT_OUR_AREA", "THRESHOLD_NOT_MET",    "ALREADY_KNOWN", "WRONG_SERVICE",
      "CAPACITY",     "CONFLICT_OF_INTEREST", "OTHER"};
  static constexpr std::array<absl::string_view, 6> kClosed = {"SAFE",        "ACTIONS_COMPLETE", "NO_FURTHER_ACTION",
                                                               "TRANSFERRED", "NOT_ENGAGED",      "OTHER"};
  if (state == v1::PROGRESS_STATE_DECLINED) return kDeclined;
  if (state == v1::PROGRESS_STATE_CLOSED) return kClosed;
  return {};
}

bool IsProgressReason(v1::ProgressState state, absl::string_view reason) {
  switch (state) {
    case v1::PROGRESS_STATE_ACCEPTED:
      return reason.empty() || IsCode(reason);
    case v1::PROGRESS_STATE_DECLINED:
    case v1::PROGRESS_STATE_CLOSED:
      return OneOf(ProgressReasons(state), reason);
    case v1::PROGRESS_STATE_MORE_INFORMATION:
    case v1::PROGRESS_STATE_AWAITING_APPROVAL:
    case v1::PROGRESS_STATE_ACTION:
      return IsCode(reason);
    default:
      return false;
  }
}

absl::Span<const absl::string_view> WithdrawalReasons() {
  static constexpr std::array<absl::string_view, 5> kReasons = {"SENT_IN_ERROR", "CONSENT_WITHDRAWN", "RECTIFIED",
                                                                "ERASED", "OTHER"};
  return kReasons;
}

bool IsWithdrawalReason(absl::string_view reason) {
  return reason == "SUPERSEDED" || OneOf(WithdrawalReasons(), reason);
}

}  // namespace derwent::agents
