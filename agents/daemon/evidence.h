#pragma once

#include <vector>

#include "absl/status/status.h"

#include "agents/daemon/context.h"
#include "agents/sdk/receipts.h"
#include "derwent/v1/ledger.pb.h"
#include "derwent/v1/package.pb.h"

namespace derwent::agents {

// What the entry of a package must say. Of a request the holder is the releasing side.
ExpectedEntry ExpectedOf(const v1::Manifest& manifest, const Sha256Digest& digest);

// Holds every receipt and checkpoint the broker shows against what this agent saw before. Thread-safe.
class Evidence {
 public:
  explicit Evidence(const AgentContext& context) : context_(context) {}

  // Verifies a receipt, then its checkpoint's consistency, then keeps it. Raises `RECEIPT_INVALID`, `LEDGER_FORKED`.
  // Errors: kDataLoss, kUnauthenticated, kInvalidArgument: do not believe the answer; kUnavailable: ask again later.
  absl::Status Take(const v1::Receipt& receipt, const ExpectedEntry& expected);

  // Holds checkpoints already verified against the newest. Errors: as Take.
  absl::Status Observe(const std::vector<trust::Checkpoint>& checkpoints);

  // Asks for the newest checkpoint. Raises `LEDGER_ROLLED_BACK` too.
  absl::Status CheckNewest();

 private:
  absl::Status Judge(const absl::Status& status);
  CheckpointWatch::ProofSource Proofs() const;
  const AgentContext& context_;
};

}  // namespace derwent::agents
