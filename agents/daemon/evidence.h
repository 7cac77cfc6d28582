#pragma once

#include <atomic>
#include <cstdint>
#include <string>
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

  // A receipt as it came, and what its entry must say.
  struct Shown {
    v1::Receipt receipt;
    ExpectedEntry expected;
  };
  // Verifies each receipt, then its checkpoint's consistency, then keeps all together. Raises `RECEIPT_INVALID`,
  // `LEDGER_FORKED`. Errors: kDataLoss, kUnauthenticated, kInvalidArgument: do not believe the answer, nothing of it
  // was kept; kUnavailable: ask again later.
  absl::Status Take(const std::vector<Shown>& receipts);

  // Holds checkpoints already verified against the newest. Errors: as Take.
  absl::Status Observe(const std::vector<trust::Checkpoint>& checkpoints);

  // Asks for the newest checkpoint. Raises `LEDGER_ROLLED_BACK` too.
  absl::Status CheckNewest();

 private:
  absl::Status Judge(const absl::Status& status);
  CheckpointWatch::ProofSource Proofs() const;
  absl::Status KeepNewest();
  std::string NewestBody() const;

  const AgentContext& context_;
  std::atomic<uint64_t> kept_size_ = 0;  // Of the newest checkpoint that was kept since the start.
};

}  // namespace derwent::agents
