#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "derwent/v1/ledger.pb.h"

namespace derwent::exchange {

inline constexpr absl::string_view kLedgerNotWitnessed = "LEDGER_NOT_WITNESSED";

// No evidence, no flow (P13): asked before anything moves closer to a person. Error: kUnavailable
// `LEDGER_NOT_WITNESSED` while the oldest entry without its quorum of witnesses is older than the limit. It passes by
// itself when the quorum is back, so the same call may be sent again.
absl::Status RequireWitnessed(Batch& batch);

// Likewise, of a request, an answer or their delivery. An emergency, which two persons agreed to before
// (emergencies.h), passes all the same: what its entries are then flagged with as overridden (field 16). Empty: nothing
// was.
absl::StatusOr<absl::string_view> WitnessedOrEmergency(absl::string_view purpose, Batch& batch);

// What a receipt into a checkpoint under the log's signature alone says of the quorum.
v1::ReceiptQuorum NotFinal(const World& world);

}  // namespace derwent::exchange
