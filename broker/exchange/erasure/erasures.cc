#include "broker/exchange/erasure/erasures.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/case_link.h"
#include "broker/ledger/attributes.h"
#include "broker/ledger/erasure.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/person_signature.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr char kAttest[] = "AttestErasure";

trust::NamedPerson SignerOf(const v1::ErasureCommand& command) {
  return {.agency = command.signer_agency(), .person = command.signer_person()};
}

absl::Status CheckSender(const Caller& caller, const v1::ErasureCommand& command) {
  if (caller.agency() == command.signer_agency() && caller.person() == command.signer_person()) return absl::OkStatus();
  return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "who signed an erasure sends it");
}

// In force, and signed by somebody who may.
absl::Status CheckOwner(const CheckedErasure& asked, const std::vector<Target>& targets, Batch& batch) {
  const v1::ErasureCommand& command = asked.command;
  if (trust::FromTimestamp(command.expire_time()) <= batch.now())
    return Refuse(absl::StatusCode::kFailedPrecondition, "COMMAND_NOT_VALID", "the command lapsed");
  for (const Target& target : targets) {
    if (target.owner() != command.signer_agency())
      return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                    "the officer of the agency whose data it is asks for an erasure");
  }
  return CheckOfficer({.signer = SignerOf(command), .role = command.signer_role(), .chain = asked.chain}, batch);
}

// Chairs the board that each of the entries is about, for another agency than the owner's or the same.
bool ChairsAll(const v1::ErasureCommand& command, const std::vector<Target>& targets, const Batch& batch) {
  const World& world = batch.world();
  if (!absl::EndsWith(command.signer_role(), "chair")) return false;
  return std::all_of(targets.begin(), targets.end(), [&](const Target& target) {
    const std::string& board = target.columns.board;
    return !board.empty() && policy::IsRoleOf(*world.bundle->policy, command.signer_role(), board) &&
           HoldsToday(world,
                      {.agency = command.signer_agency(),
                       .person = command.signer_person(),
                       .role = command.signer_role(),
                       .board = board},
                      batch.now());
  });
}

// The second signature is the other party's officer's, or that of who chairs the board.
absl::Status CheckOther(const CheckedErasure& agreed, const v1::ErasureCommand& asked,
                        const std::vector<Target>& targets, Batch& batch) {
  const v1::ErasureCommand& command = agreed.command;
  if (trust::FromTimestamp(command.expire_time()) <= batch.now())
    return Refuse(absl::StatusCode::kFailedPrecondition, "COMMAND_NOT_VALID", "the command lapsed");
  if (command.reason() != asked.reason() ||
      !std::equal(command.entries().begin(), command.entries().end(), asked.entries().begin(), asked.entries().end()))
    return Refuse(absl::StatusCode::kFailedPrecondition, "COMMAND_NOT_VALID",
                  "the two commands do not name the same entries and reason");
  const bool same_person =
      command.signer_agency() == asked.signer_agency() && command.signer_person() == asked.signer_person();
  if (!same_person && ChairsAll(command, targets, batch)) {
    if (!batch.world().revoked->BreaksChain(agreed.chain)) return absl::OkStatus();
    return Refuse(absl::StatusCode::kFailedPrecondition, "COMMAND_NOT_VALID", "the signer's certificate is revoked");
  }
  const bool other_party =
      command.signer_agency() != asked.signer_agency() &&
      std::all_of(targets.begin(), targets.end(), [&](const Target& t) { return t.IsParty(command.signer_agency()); });
  if (!other_party)
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "the officer of the other party to every entry agrees, or who chairs their board");
  return CheckOfficer({.signer = SignerOf(command), .role = command.signer_role(), .chain = agreed.chain}, batch);
}

absl::Status EnterCommand(absl::string_view step, const CheckedErasure& checked, absl::string_view outcome,
                          Batch& batch) {
  ledger::EntryDraft draft(step, ledger::Actor::kReleasing);
  draft.SetReleasing(checked.command.signer_agency(), checked.command.signer_person())
      .SetIds("", checked.command.erasure_id(), "")
      .SetManifestDigest(trust::Sha256(checked.octets))
      .SetCount(static_cast<uint64_t>(checked.command.entries_size()));
  draft.SetOutcome(outcome, {checked.command.reason()}, batch.world().policy_digest(), batch.world().register_digest);
  return batch.Append(draft).status();
}

// What a stored part still says of a subject whose entry is erased. The part is over (MayErase), so nothing needs it.
absl::Status ErasePart(const Target& target, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::PartRow> parts, batch.read().ListParts(target.columns.share_id));
  uint32_t subject = 0;
  const absl::string_view number = ledger::Attribute(target.entry.fields[trust::Field::kSubjectRole], "subject");
  const bool known = absl::SimpleAtoi(number, &subject);
  for (store::PartRow part : parts) {
    if (!target.IsParty(part.key.recipient_agency)) continue;
    std::erase_if(part.tags, [&](const store::SubjectTag& tag) { return !known || tag.subject == subject; });
    part.person.clear();
    part.context.clear();
    RETURN_IF_ERROR(batch.write().UpdatePart(part));
    ASSIGN_OR_RETURN(const std::vector<store::ShareRow> replies,
                     batch.read().ListReplies(target.columns.share_id, part.key.recipient_agency));
    for (const store::ShareRow& reply : replies) {
      Target same = target;
      same.columns.share_id = reply.share_id;
      RETURN_IF_ERROR(ErasePart(same, batch));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CarryOut(trust::ErasureRecord record, const std::vector<Target>& targets, store::ErasureRow row,
                      Batch& batch) {
  record.month = absl::FormatTime("%Y-%m", batch.now(), absl::UTCTimeZone());
  record.targets.clear();
  for (const Target& target : targets) {
    record.targets.push_back(target.index);
    if (!record.scheduled()) RETURN_IF_ERROR(ErasePart(target, batch));
    RETURN_IF_ERROR(ledger::EraseFields(batch.write(), target.index, record.fields));
  }
  ASSIGN_OR_RETURN(const uint64_t index, batch.Append(ledger::EntryDraft::Public(trust::EntryKind::kErasure,
                                                                                 record.ToBody(), "erasure", "")));
  row.entry_index = index;
  row.entries = record.targets;
  if (row.erasure_id.empty()) row.erasure_id = absl::StrCat("schedule-", index);
  ASSIGN_OR_RETURN(const uint64_t position, batch.write().PutErasure(row));
  for (const auto& [agency, entries] : PartiesOf(targets)) {
    RETURN_IF_ERROR(batch.write().PutErasureParty({.position = position,
                                                   .agency = agency,
                                                   .entries = entries,
                                                   .attestation = "",
                                                   .attest_time = std::nullopt,
                                                   .chase_time = batch.now() + kAttestWithin,
                                                   .chased = 0}));
  }
  return absl::OkStatus();
}

absl::Status RequestErasure(const Caller& caller, const CheckedErasure& asked, v1::Erasure& response, Batch& batch) {
  const v1::ErasureCommand& command = asked.command;
  RETURN_IF_ERROR(CheckSender(caller, command));
  ASSIGN_OR_RETURN(std::optional<store::ErasureRow> row, batch.read().FindErasure(command.erasure_id()));
  if (row.has_value()) {
    if (row->request != asked.octets)
      return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the erasure id is taken");
    ASSIGN_OR_RETURN(response, RenderErasure(*row, caller.agency(), batch.now(), batch.read()));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<Target> targets, LoadTargets(command.entries(), caller.agency(), batch));
  RETURN_IF_ERROR(CheckOwner(asked, targets, batch));
  RETURN_IF_ERROR(MayErase(targets, SignerOf(command), batch));
  row = store::ErasureRow{.erasure_id = command.erasure_id(),
                          .agency = caller.agency(),
                          .entries = {command.entries().begin(), command.entries().end()},
                          .request = asked.octets,
                          .approval = "",
                          .create_time = batch.now(),
                          .expire_time = trust::FromTimestamp(command.expire_time()),
                          .entry_index = std::nullopt};
  ASSIGN_OR_RETURN(row->position, batch.write().PutErasure(*row));
  for (const auto& [agency, entries] : PartiesOf(targets)) {
    RETURN_IF_ERROR(batch.write().PutErasureParty({.position = row->position,
                                                   .agency = agency,
                                                   .entries = entries,
                                                   .attestation = "",
                                                   .attest_time = std::nullopt,
                                                   .chase_time = std::nullopt,
                                                   .chased = 0}));
  }
  RETURN_IF_ERROR(EnterCommand("erasure_asked", asked, "PENDING", batch));
  ASSIGN_OR_RETURN(response, RenderErasure(*row, caller.agency(), batch.now(), batch.read()));
  return absl::OkStatus();
}

absl::Status ApproveErasure(const Caller& caller, const CheckedErasure& agreed, v1::Erasure& response, Batch& batch) {
  RETURN_IF_ERROR(CheckSender(caller, agreed.command));
  ASSIGN_OR_RETURN(std::optional<store::ErasureRow> row, batch.read().FindErasure(agreed.command.erasure_id()));
  v1::SignedCommand request;
  if (!row.has_value() || row->agency.empty() || !request.ParseFromString(row->request))
    return Refuse(absl::StatusCode::kNotFound, "ERASURE_UNKNOWN", "nobody asked for such an erasure");
  if (row->entry_index.has_value() && row->approval != agreed.octets)
    return Refuse(absl::StatusCode::kFailedPrecondition, "ALREADY_ERASED", "another signature was there before");
  if (!row->entry_index.has_value()) {
    // The owner's command is judged again: its signer may have left, its certificate have been revoked since.
    ASSIGN_OR_RETURN(const CheckedErasure asked, CheckErasure(request, batch.world(), batch.now()));
    ASSIGN_OR_RETURN(const std::vector<Target> targets, LoadTargets(asked.command.entries(), "", batch));
    RETURN_IF_ERROR(CheckOwner(asked, targets, batch));
    RETURN_IF_ERROR(CheckOther(agreed, asked.command, targets, batch));
    RETURN_IF_ERROR(MayErase(targets, SignerOf(asked.command), batch));
    RETURN_IF_ERROR(MayErase(targets, SignerOf(agreed.command), batch));
    RETURN_IF_ERROR(EnterCommand("erasure_agreed", agreed, "PERMIT", batch));
    row->approval = agreed.octets;
    RETURN_IF_ERROR(CarryOut({.targets = {},
                              .fields = trust::PersonFields(),
                              .month = "",
                              .approvals = trust::ErasureRecord::Approvals{.owner = trust::Sha256(row->request),
                                                                           .other = trust::Sha256(row->approval)},
                              .policy = std::nullopt},
                             targets, *row, batch));
    ASSIGN_OR_RETURN(row, batch.read().FindErasure(row->erasure_id));
  }
  ASSIGN_OR_RETURN(response, RenderErasure(*row, caller.agency(), batch.now(), batch.read()));
  return absl::OkStatus();
}

absl::Status AttestErasure(const Caller& caller, const v1::AttestErasureRequest& request,
                           v1::AttestErasureResponse& response, Batch& batch) {
  response.Clear();
  v1::ErasureAttestation attestation;
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(attestation.ParseFromString(request.attestation().payload()) && !attestation.agency().empty(),
                     "attestation", "is a signed ErasureAttestation that names its agency");
  RETURN_IF_ERROR(violations.ToStatus());
  if (attestation.agency() != caller.agency())
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "an agency attests for itself only");
  const Sha256Digest digest = trust::Sha256(request.attestation().payload());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kAttest, request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  RETURN_IF_ERROR(
      CheckSigned(batch.world(), caller.agency(), request.attestation(), trust::kErasureAttestationType, batch.now()));
  ASSIGN_OR_RETURN(const std::optional<store::ErasureRow> row, batch.read().FindErasureAt(attestation.erasure_entry()));
  std::vector<store::ErasurePartyRow> parties;
  if (row.has_value()) {
    ASSIGN_OR_RETURN(parties, batch.read().ErasureParties(row->position));
  }
  const auto party = std::find_if(parties.begin(), parties.end(),
                                  [&](const store::ErasurePartyRow& one) { return one.agency == caller.agency(); });
  if (party == parties.end())
    return Refuse(absl::StatusCode::kNotFound, "ERASURE_UNKNOWN", "no erasure that this agency has to attest");
  if (party->attest_time.has_value()) return absl::OkStatus();
  party->attestation = request.attestation().SerializeAsString();
  party->attest_time = batch.now();
  party->chase_time.reset();
  if (row->agency.empty()) party->entries.clear();  // Who was party to what is erased by schedule too.
  RETURN_IF_ERROR(batch.write().PutErasureParty(*party));
  ledger::EntryDraft draft("erasure_attested", ledger::Actor::kReleasing);
  draft.SetReleasing(caller.agency(), "")
      .SetIds("", row->erasure_id, "")
      .SetManifestDigest(trust::Sha256(party->attestation));
  draft.SetOutcome("", {}, batch.world().policy_digest(), batch.world().register_digest);
  RETURN_IF_ERROR(batch.Append(draft).status());
  return Remember(caller, kAttest, request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
