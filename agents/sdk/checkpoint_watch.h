#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "trust/base/digest.h"
#include "trust/base/mutex.h"
#include "trust/note/checkpoint.h"

namespace derwent::agents {

// Keeps the newest checkpoint this agent saw and holds every other to it: the log only grows. Thread-safe.
class CheckpointWatch {
 public:
  // Asks the broker for a consistency proof between two sizes.
  using ProofSource = std::function<absl::StatusOr<std::vector<Sha256Digest>>(uint64_t old_size, uint64_t new_size)>;

  // Starts from what was kept on disk; empty at the very first.
  explicit CheckpointWatch(std::optional<trust::Checkpoint> newest) : newest_(std::move(newest)) {}

  // Checks a verified checkpoint against the newest, older ones too, and keeps the larger.
  // Errors: kDataLoss `LEDGER_FORKED`; as `proof`, when the broker gives none.
  absl::Status Observe(const trust::Checkpoint& checkpoint, const ProofSource& proof);

  // As Observe, for one that the broker says is its newest. `known`: what newest() said before the broker was asked;
  // what came meanwhile says nothing. Error: kDataLoss `LEDGER_ROLLED_BACK` when it is smaller.
  absl::Status ObserveNewest(const trust::Checkpoint& checkpoint, const std::optional<trust::Checkpoint>& known,
                             const ProofSource& proof);

  std::optional<trust::Checkpoint> newest() const;

 private:
  mutable Mutex mutex_;
  std::optional<trust::Checkpoint> newest_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
