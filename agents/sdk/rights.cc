#include "agents/sdk/rights.h"

#include <algorithm>
#include <array>

#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

// What both have in common.
template <typename Message>
bool IsWhole(const Message& message) {
  return Uuid::Parse(message.event_id()).ok() && Uuid::Parse(message.share_id()).ok() &&
         !message.from_agency().empty() && !message.to_agency().empty();
}

template <typename Message>
absl::StatusOr<Message> Kept(const std::string& envelope) {
  v1::DsseEnvelope read;
  Message message;
  if (read.ParseFromString(envelope) && message.ParseFromString(read.payload())) return message;
  return absl::DataLossError("a kept message about a rights event does not parse");
}

bool OneOf(absl::Span<const absl::string_view> list, absl::string_view code) {
  return std::ranges::find(list, code) != list.end();
}

}  // namespace

absl::StatusOr<v1::RightsNotice> ReadRightsNotice(const v1::DsseEnvelope& envelope) {
  v1::RightsNotice notice;
  if (envelope.payload_type() == trust::kRightsNoticeType && notice.ParseFromString(envelope.payload()) &&
      IsWhole(notice) && !notice.subjects().empty() && !notice.categories().empty() &&
      v1::RightsEventType_IsValid(notice.type()) && notice.type() != v1::RIGHTS_EVENT_TYPE_UNSPECIFIED)
    return notice;
  return absl::InvalidArgumentError("a rights notice is malformed");
}

absl::StatusOr<v1::RightsAnswer> ReadRightsAnswer(const v1::DsseEnvelope& envelope) {
  v1::RightsAnswer answer;
  if (envelope.payload_type() == trust::kRightsAnswerType && answer.ParseFromString(envelope.payload()) &&
      IsWhole(answer) && v1::RightsOutcome_IsValid(answer.outcome()) &&
      IsRightsReason(answer.outcome(), answer.reason()))
    return answer;
  return absl::InvalidArgumentError("an answer to a rights notice is malformed");
}

absl::StatusOr<v1::RightsNotice> KeptNotice(const std::string& envelope) { return Kept<v1::RightsNotice>(envelope); }
absl::StatusOr<v1::RightsAnswer> KeptAnswer(const std::string& envelope) { return Kept<v1::RightsAnswer>(envelope); }

std::string KeptDigest(const std::string& envelope) {
  v1::DsseEnvelope read;
  return !envelope.empty() && read.ParseFromString(envelope) ? trust::Sha256(read.payload()).bytes() : "";
}

absl::Span<const absl::string_view> DecliningReasons() {
  static constexpr std::array<absl::string_view, 8> kReasons = {"EVIDENCE_KEPT",   "LEGAL_CLAIMS",  "PUBLIC_TASK",
                                                                "PUBLIC_HEALTH",   "ARCHIVING",     "RIGHTS_OF_ANOTHER",
                                                                "PUBLIC_INTEREST", "FOUND_ACCURATE"};
  return kReasons;
}

absl::Span<const absl::string_view> RestrictionGrounds() {
  static constexpr std::array<absl::string_view, 4> kGrounds = {"CONSENT", "LEGAL_CLAIMS", "RIGHTS_OF_ANOTHER",
                                                                "PUBLIC_INTEREST"};
  return kGrounds;
}

bool IsRightsReason(v1::RightsOutcome outcome, absl::string_view reason) {
  if (outcome == v1::RIGHTS_OUTCOME_DECLINED) return OneOf(DecliningReasons(), reason);
  return outcome != v1::RIGHTS_OUTCOME_UNSPECIFIED && reason.empty();
}

bool IsRestrictionGround(absl::string_view ground) { return OneOf(RestrictionGrounds(), ground); }

}  // namespace derwent::agents
