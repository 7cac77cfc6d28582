#include "agents/daemon/erasure_check.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/sdk/envelope.h"
#include "agents/sdk/receipts.h"
#include "policy/loader/retention.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/identity/certificate.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

absl::Status Rejected(absl::string_view why) { return absl::UnauthenticatedError(absl::StrCat("an erasure ", why)); }

// What one person signed.
absl::StatusOr<v1::ErasureCommand> VerifyCommand(const v1::SignedCommand& signed_command, const TrustAnchors& anchors,
                                                 absl::Time now) {
  v1::ErasureCommand command;
  if (!command.ParseFromString(signed_command.command().payload())) return Rejected("has no command");
  const absl::StatusOr<trust::Certificate> certificate = trust::Certificate::FromDer(signed_command.certificate());
  // It may have run out since, while this agent was away.
  const absl::Time signed_at = std::min(FromTimestamp(command.create_time()), now);
  if (!certificate.ok() || !anchors.authority.Verify(*certificate, signed_at).ok())
    return Rejected("is signed under a certificate that did not count");
  const trust::SpiffeId& id = certificate->id();
  if (id.kind != trust::CallerKind::kPerson || id.agency != command.signer_agency() ||
      id.name != command.signer_person())
    return Rejected("is signed under the certificate of another than it names");
  if (!trust::VerifyEnvelope(FromProto(signed_command.command()), kErasureType, certificate->public_key()).ok())
    return Rejected("has a signature that does not verify");
  return command;
}

bool SameEntries(const v1::ErasureCommand& command, const trust::ErasureRecord& record) {
  return std::equal(command.entries().begin(), command.entries().end(), record.targets.begin(), record.targets.end());
}

}  // namespace

absl::StatusOr<RecordedErasure> VerifyRecord(const v1::Erasure& erasure, const trust::VerifierKey& log_key) {
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt verified,
                   trust::VerifyReceipt(erasure.receipt().tlog_proof(), log_key, log_key.name));
  if (verified.opening.kind != trust::EntryKind::kErasure || verified.index != erasure.receipt().index())
    return absl::DataLossError("an erasure's receipt proves something else");
  RecordedErasure recorded{.record = {}, .checkpoint = verified.checkpoint};
  ASSIGN_OR_RETURN(recorded.record, trust::ErasureRecord::Parse(verified.opening.public_body));
  for (const uint64_t entry : erasure.entries()) {
    if (!std::binary_search(recorded.record.targets.begin(), recorded.record.targets.end(), entry))
      return absl::DataLossError("an erasure's record does not name an entry to be erased");
  }
  return recorded;
}

absl::Status VerifyApprovals(const v1::Erasure& erasure, const trust::ErasureRecord& record, const std::string& agency,
                             const TrustAnchors& anchors, absl::Time now) {
  if (!record.approvals.has_value() ||
      trust::Sha256(erasure.request().SerializeAsString()) != record.approvals->owner ||
      trust::Sha256(erasure.approval().SerializeAsString()) != record.approvals->other)
    return Rejected("does not come with the signatures its record commits to");
  ASSIGN_OR_RETURN(const v1::ErasureCommand owner, VerifyCommand(erasure.request(), anchors, now));
  ASSIGN_OR_RETURN(const v1::ErasureCommand other, VerifyCommand(erasure.approval(), anchors, now));
  if (owner.erasure_id() != other.erasure_id() || !SameEntries(owner, record) || !SameEntries(other, record))
    return Rejected("is of other entries than were signed for");
  if (owner.signer_agency() == other.signer_agency() && owner.signer_person() == other.signer_person())
    return Rejected("is signed by one person twice");
  const bool ours = owner.signer_agency() == agency || other.signer_agency() == agency;
  return ours || absl::EndsWith(other.signer_role(), "chair") ? absl::OkStatus()
                                                              : Rejected("is signed by nobody of this agency");
}

absl::Status CheckRetention(const std::vector<ReceiptRow>& receipts, const std::map<std::string, int>& months,
                            absl::Time now) {
  for (const ReceiptRow& row : receipts) {
    v1::Receipt receipt;
    if (!receipt.ParseFromString(row.receipt)) return absl::DataLossError("a kept receipt does not parse");
    ASSIGN_OR_RETURN(const trust::TlogProof proof, trust::TlogProof::Parse(receipt.tlog_proof()));
    ASSIGN_OR_RETURN(const trust::Opening opening, trust::Opening::Parse(proof.extra));
    const std::string* const time = opening.Value(trust::Field::kTime);
    const std::string* const purpose = opening.Value(trust::Field::kPurpose);
    int64_t millis = 0;
    if (time == nullptr || !absl::SimpleAtoi(*time, &millis)) continue;
    const auto profile =
        purpose == nullptr ? months.end() : months.find(std::string(FieldAttribute(*purpose, "profile")));
    const int kept_for = profile == months.end() ? policy::kLedgerMonths : profile->second;
    const absl::CivilSecond made = absl::ToCivilSecond(absl::FromUnixMillis(millis), absl::UTCTimeZone());
    const absl::CivilSecond due(made.year(), made.month() + kept_for, made.day(), made.hour(), made.minute(),
                                made.second());
    // A month shorter than the day of making: the broker counts back from now, this counts on; a few days' difference.
    if (absl::FromCivil(due, absl::UTCTimeZone()) > now + absl::Hours(24 * 4))
      return absl::FailedPreconditionError("an erasure by schedule comes before its retention is over");
  }
  return absl::OkStatus();
}

}  // namespace derwent::agents
