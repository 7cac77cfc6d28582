#include "broker/witness/restart.h"

#include <vector>

#include "broker/ledger/tile_nodes.h"
#include "trust/base/status_macros.h"

namespace derwent::witness {

Restart::Restart(const Quorum& quorum) : quorum_(quorum), state_(quorum.none() ? State::kOpen : State::kAwaiting) {}

Restart::State Restart::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

bool Restart::Shown(size_t witness) {
  const MutexLock lock(mutex_);
  if (state_ != State::kAwaiting || !shown_.insert(witness).second) return false;
  std::vector<trust::VerifierKey> shown;
  for (const size_t one : shown_) shown.push_back(quorum_.policy().witnesses()[one]);
  if (!quorum_.policy().Met(shown)) return false;
  state_ = State::kOpen;
  return true;
}

bool Restart::Refute() {
  const MutexLock lock(mutex_);
  const bool first = state_ != State::kRefuted;
  state_ = State::kRefuted;
  return first;
}

absl::StatusOr<bool> Belongs(const trust::Checkpoint& checkpoint, store::Reader& reader) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (checkpoint.size > head.size) return false;
  ASSIGN_OR_RETURN(const trust::RightEdge edge, ledger::EdgeAt(reader, checkpoint.size));
  return edge.Root() == checkpoint.root;
}

}  // namespace derwent::witness
