#include "agents/sdk/checkpoint_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"

namespace derwent::agents {
namespace {

absl::Status Forked(const trust::Checkpoint& a, const trust::Checkpoint& b) {
  return absl::DataLossError(
      absl::StrCat("LEDGER_FORKED: the trees of ", a.size, " and ", b.size, " entries do not belong together"));
}

absl::Status CheckPair(const trust::Checkpoint& smaller, const trust::Checkpoint& larger,
                       const CheckpointWatch::ProofSource& proof) {
  if (smaller.origin != larger.origin) return Forked(smaller, larger);
  if (smaller.size == larger.size) return smaller.root == larger.root ? absl::OkStatus() : Forked(smaller, larger);
  if (smaller.size == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Sha256Digest> path, proof(smaller.size, larger.size));
  const bool consistent = trust::VerifyConsistency(smaller.size, larger.size, smaller.root, larger.root, path).ok();
  return consistent ? absl::OkStatus() : Forked(smaller, larger);
}

}  // namespace

absl::Status CheckpointWatch::Observe(const trust::Checkpoint& checkpoint, const ProofSource& proof) {
  const std::optional<trust::Checkpoint> known = newest();
  if (known.has_value()) {
    const bool grows = known->size <= checkpoint.size;
    RETURN_IF_ERROR(CheckPair(grows ? *known : checkpoint, grows ? checkpoint : *known, proof));
  }
  const MutexLock lock(mutex_);
  if (!newest_.has_value() || newest_->size < checkpoint.size) newest_ = checkpoint;
  return absl::OkStatus();
}

absl::Status CheckpointWatch::ObserveNewest(const trust::Checkpoint& checkpoint,
                                            const std::optional<trust::Checkpoint>& known, const ProofSource& proof) {
  const absl::Status observed = Observe(checkpoint, proof);
  if (absl::IsDataLoss(observed)) return observed;
  // Whether or not it is proved: who went back has no proof to give.
  if (known.has_value() && checkpoint.size < known->size) {
    return absl::DataLossError(
        absl::StrCat("LEDGER_ROLLED_BACK: the log had ", known->size, " entries and now has ", checkpoint.size));
  }
  return observed;
}

std::optional<trust::Checkpoint> CheckpointWatch::newest() const {
  const MutexLock lock(mutex_);
  return newest_;
}

}  // namespace derwent::agents
