#include "broker/exchange/command/witnessed.h"

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/witness/standing.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {

absl::Status RequireWitnessed(Batch& batch) {
  const World& world = batch.world();
  if (world.quorum == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const witness::Standing standing, witness::StandingOf(batch.read(), *world.quorum, batch.now()));
  if (!standing.stopped) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kUnavailable, kLedgerNotWitnessed,
      absl::StrCat("the witnesses have not cosigned the ledger for ", absl::ToInt64Seconds(standing.unwitnessed_age),
                   " s (the limit is ", absl::ToInt64Seconds(world.quorum->patience().limit),
                   " s): nothing is released until their quorum is back"));
}

absl::StatusOr<absl::string_view> WitnessedOrEmergency(absl::string_view purpose, Batch& batch) {
  const absl::Status witnessed = RequireWitnessed(batch);
  if (witnessed.ok()) return "";
  if (ReasonOf(witnessed) == kLedgerNotWitnessed && policy::IsEmergency(purpose)) return kLedgerNotWitnessed;
  return witnessed;
}

v1::ReceiptQuorum NotFinal(const World& world) {
  return world.quorum == nullptr || world.quorum->none() ? v1::RECEIPT_QUORUM_NONE : v1::RECEIPT_QUORUM_PENDING;
}

}  // namespace derwent::exchange
