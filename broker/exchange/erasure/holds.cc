#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/erasure/erasure_targets.h"
#include "broker/exchange/erasure/erasures.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

absl::StatusOr<uint64_t> EnterHold(absl::string_view step, const CheckedHold& hold, size_t entries, Batch& batch) {
  ledger::EntryDraft draft(step, ledger::Actor::kReleasing);
  draft.SetReleasing(hold.command.signer_agency(), hold.command.signer_person())
      .SetIds("", hold.command.hold_id(), "")
      .SetManifestDigest(trust::Sha256(hold.octets))
      .SetCount(entries);
  draft.SetOutcome("", {hold.command.reason()}, batch.world().policy_digest(), batch.world().register_digest);
  return batch.Append(draft);
}

absl::Status Place(const CheckedHold& hold, const std::vector<store::HoldRow>& known, v1::ApplyHoldResponse& response,
                   Batch& batch) {
  const v1::HoldCommand& command = hold.command;
  if (!known.empty()) return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the hold id is taken");
  ASSIGN_OR_RETURN(const std::vector<Target> targets, LoadTargets(command.entries(), command.signer_agency(), batch));
  ASSIGN_OR_RETURN(const uint64_t index, EnterHold("hold", hold, targets.size(), batch));
  for (const Target& target : targets) {
    RETURN_IF_ERROR(batch.write().InsertHold({.index = target.index,
                                              .hold_id = command.hold_id(),
                                              .agency = command.signer_agency(),
                                              .reason = command.reason(),
                                              .place_time = batch.now(),
                                              .entry_index = index,
                                              .lift_index = std::nullopt}));
  }
  response.mutable_receipt()->set_index(index);
  return absl::OkStatus();
}

absl::Status Lift(const CheckedHold& hold, const std::vector<store::HoldRow>& known, v1::ApplyHoldResponse& response,
                  Batch& batch) {
  const v1::HoldCommand& command = hold.command;
  const bool own = !known.empty() && known.front().agency == command.signer_agency() &&
                   known.front().reason == command.reason() && !known.front().lift_index.has_value();
  if (!own)
    return Refuse(absl::StatusCode::kFailedPrecondition, "HOLD_UNKNOWN",
                  "no such hold is in force that this agency placed for this reason");
  ASSIGN_OR_RETURN(const uint64_t index, EnterHold("hold_lifted", hold, known.size(), batch));
  RETURN_IF_ERROR(batch.write().LiftHold(command.hold_id(), index));
  RETURN_IF_ERROR(batch.write().PutSetting(kScheduleSetting, ""));
  response.mutable_receipt()->set_index(index);
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyHold(const Caller& caller, const CheckedHold& hold, v1::ApplyHoldResponse& response, Batch& batch) {
  const v1::HoldCommand& command = hold.command;
  if (caller.agency() != command.signer_agency() || caller.person() != command.signer_person())
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "who signed a hold sends it");
  RETURN_IF_ERROR(CheckOfficer({.signer = {.agency = command.signer_agency(), .person = command.signer_person()},
                                .role = command.signer_role(),
                                .chain = hold.chain},
                               batch));
  const Sha256Digest digest = trust::Sha256(command.SerializeAsString());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, "ApplyHold", digest.hex(), digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<store::HoldRow> known, batch.read().ListHold(command.hold_id()));
  RETURN_IF_ERROR(command.action() == v1::HOLD_ACTION_PLACE ? Place(hold, known, response, batch)
                                                            : Lift(hold, known, response, batch));
  return Remember(caller, "ApplyHold", digest.hex(), digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
