#include "agents/daemon/receiving/erasure_check.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/agreements.h"
#include "policy/loader/retention.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/message/person_signature.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

absl::Status Rejected(absl::string_view why) { return absl::UnauthenticatedError(absl::StrCat("an erasure ", why)); }

constexpr absl::Duration kClockSkew = absl::Seconds(30);
constexpr absl::Duration kLongestErasure = absl::Hours(24 * 30);

// It was good for 30 days at most, and at some time of the month in which the ledger erased.
absl::Status CheckTimes(const v1::ErasureCommand& command, const std::string& month, absl::Time now) {
  const absl::Time made = trust::FromTimestamp(command.create_time());
  const absl::Time ends = trust::FromTimestamp(command.expire_time());
  if (made > now + kClockSkew || ends <= made || ends - made > kLongestErasure)
    return Rejected("is signed in the future, or for longer than 30 days");
  const auto month_of = [](absl::Time time) { return absl::FormatTime("%Y-%m", time, absl::UTCTimeZone()); };
  if (month < month_of(made - kClockSkew) || month > month_of(ends + kClockSkew))
    return Rejected("was entered when what its signers said was not good");
  return absl::OkStatus();
}

// What one person signed.
absl::StatusOr<v1::ErasureCommand> VerifyCommand(const v1::SignedCommand& signed_command, const std::string& month,
                                                 const ErasureGround& ground) {
  v1::ErasureCommand command;
  if (!command.ParseFromString(signed_command.command().payload())) return Rejected("has no command");
  RETURN_IF_ERROR(CheckTimes(command, month, ground.now));
  const absl::StatusOr<trust::Certificate> certificate =
      trust::VerifySignedByPerson(signed_command.command(), signed_command.certificate(), trust::kErasureType,
                                  {.agency = command.signer_agency(), .person = command.signer_person()});
  if (!certificate.ok()) return Rejected(absl::StrCat("is not signed: ", certificate.status().message()));
  // It may have run out since, while this agent was away.
  const absl::Time signed_at = std::min(trust::FromTimestamp(command.create_time()), ground.now);
  const absl::StatusOr<trust::Chain> chain = ground.anchors.authority.ChainOf(*certificate, signed_at);
  if (!chain.ok()) return Rejected("is signed under a certificate that did not count");
  if (ground.anchors.revoked.BreaksChain(*chain)) return Rejected("is signed under a revoked certificate");
  return command;
}

bool SameEntries(const v1::ErasureCommand& command, const trust::ErasureRecord& record) {
  return std::equal(command.entries().begin(), command.entries().end(), record.targets.begin(), record.targets.end());
}

bool Holds(const v1::ErasureCommand& command, const std::string& board, const policy::Snapshot& snapshot) {
  return !command.signer_person().empty() && policy::RoleHeld(snapshot,
                                                              {.agency = command.signer_agency(),
                                                               .person = command.signer_person(),
                                                               .role = command.signer_role(),
                                                               .board = board},
                                                              LondonDay(trust::FromTimestamp(command.create_time())));
}

bool HandlesRights(const v1::ErasureCommand& command, const policy::Snapshot& snapshot) {
  const auto role = snapshot.policy->roles.find(command.signer_role());
  return role != snapshot.policy->roles.end() && role->second.contains("handle_rights") && Holds(command, "", snapshot);
}

// Whether the one who asked is of the agency whose data each entry held here is, and `other` of one that is party to
// it; empty: whoever it is.
absl::Status CheckParties(const std::string& owner, const std::string& other, const std::vector<ReceiptRow>& receipts) {
  for (const ReceiptRow& row : receipts) {
    ASSIGN_OR_RETURN(const trust::Opening opening, OpeningOfKept(row.receipt));
    const std::string* const releasing = opening.Value(trust::Field::kReleasingAgency);
    const std::string* const receiving = opening.Value(trust::Field::kReceivingAgency);
    if (releasing == nullptr || receiving == nullptr) continue;  // Closed with all else: nothing is left to erase.
    if (owner != (releasing->empty() ? *receiving : *releasing))
      return Rejected("is asked for by another than the agency whose data it is");
    if (!other.empty() && other != *releasing && other != *receiving)
      return Rejected("is agreed to by an agency that is no party");
  }
  return absl::OkStatus();
}

// Whether who signed chairs the board of every entry held here; as the broker decides it.
absl::StatusOr<bool> ChairsAll(const v1::ErasureCommand& command, const std::vector<ReceiptRow>& receipts,
                               const policy::Snapshot& snapshot) {
  if (!absl::EndsWith(command.signer_role(), "chair") || !Holds(command, "", snapshot)) return false;
  for (const ReceiptRow& row : receipts) {
    ASSIGN_OR_RETURN(const trust::Opening opening, OpeningOfKept(row.receipt));
    const std::string* const purpose = opening.Value(trust::Field::kPurpose);
    const std::string board(purpose == nullptr ? "" : FieldAttribute(*purpose, "board"));
    if (board.empty() || !policy::IsRoleOf(*snapshot.policy, command.signer_role(), board) ||
        !Holds(command, board, snapshot))
      return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<RecordedErasure> VerifyRecord(const v1::Erasure& erasure, const trust::LogKeys& log_keys) {
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt verified,
                   trust::VerifyReceipt(erasure.receipt().tlog_proof(), log_keys, log_keys.origin()));
  if (verified.opening.kind != trust::EntryKind::kErasure || verified.index != erasure.receipt().index())
    return absl::DataLossError("an erasure's receipt proves something else");
  RecordedErasure recorded{.record = {}, .checkpoint = {verified.checkpoint, NoteOf(erasure.receipt())}};
  ASSIGN_OR_RETURN(recorded.record, trust::ErasureRecord::Parse(verified.opening.public_body));
  for (const uint64_t entry : erasure.entries()) {
    if (!std::binary_search(recorded.record.targets.begin(), recorded.record.targets.end(), entry))
      return absl::DataLossError("an erasure's record does not name an entry to be erased");
  }
  return recorded;
}

absl::Status VerifyApprovals(const v1::Erasure& erasure, const trust::ErasureRecord& record,
                             const std::vector<ReceiptRow>& receipts, const ErasureGround& ground) {
  if (!record.approvals.has_value() ||
      trust::Sha256(erasure.request().SerializeAsString()) != record.approvals->owner ||
      trust::Sha256(erasure.approval().SerializeAsString()) != record.approvals->other)
    return Rejected("does not come with the signatures its record commits to");
  ASSIGN_OR_RETURN(const v1::ErasureCommand owner, VerifyCommand(erasure.request(), record.month, ground));
  ASSIGN_OR_RETURN(const v1::ErasureCommand other, VerifyCommand(erasure.approval(), record.month, ground));
  if (owner.erasure_id() != other.erasure_id() || owner.reason() != other.reason() || !SameEntries(owner, record) ||
      !SameEntries(other, record))
    return Rejected("is of other entries than were signed for");
  if (owner.signer_agency() == other.signer_agency() && owner.signer_person() == other.signer_person())
    return Rejected("is signed by one person twice");
  if (!HandlesRights(owner, ground.snapshot)) return Rejected("is asked for by nobody who may handle_rights");
  ASSIGN_OR_RETURN(const bool chairs, ChairsAll(other, receipts, ground.snapshot));
  RETURN_IF_ERROR(CheckParties(owner.signer_agency(), chairs ? "" : other.signer_agency(), receipts));
  if (chairs) return absl::OkStatus();
  if (!HandlesRights(other, ground.snapshot)) return Rejected("is agreed to by nobody who may handle_rights");
  const bool ours = owner.signer_agency() == ground.agency || other.signer_agency() == ground.agency;
  return ours ? absl::OkStatus() : Rejected("is signed by nobody of this agency");
}

absl::Status CheckRetention(const std::vector<ReceiptRow>& receipts, const std::map<std::string, int>& months,
                            absl::Time now) {
  for (const ReceiptRow& row : receipts) {
    ASSIGN_OR_RETURN(const trust::Opening opening, OpeningOfKept(row.receipt));
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
