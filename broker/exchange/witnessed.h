#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/batch.h"

namespace derwent::exchange {

inline constexpr absl::string_view kLedgerNotWitnessed = "LEDGER_NOT_WITNESSED";

// No evidence, no flow (P13): asked before anything moves closer to a person. Error: kUnavailable
// `LEDGER_NOT_WITNESSED` while the oldest entry without its quorum of witnesses is older than the limit. It passes by
// itself when the quorum is back, so the same call may be sent again.
absl::Status RequireWitnessed(Batch& batch);

}  // namespace derwent::exchange
