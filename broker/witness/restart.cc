#include "broker/witness/restart.h"

#include <string>
#include <vector>

#include "broker/ledger/tile_nodes.h"
#include "trust/base/status_macros.h"

namespace derwent::witness {

Restart::Restart(const Quorum& quorum) : quorum_(quorum), state_(quorum.none() ? State::kOpen : State::kAwaiting) {}

Restart::State Restart::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

Restart::Outcome Restart::Shown(size_t witness, uint64_t size, uint64_t cosigned) {
  const MutexLock lock(mutex_);
  if (size < cosigned) return behind_.insert(witness).second ? Outcome::kBehind : Outcome::kStillBehind;
  behind_.erase(witness);
  if (state_ != State::kAwaiting || !shown_.insert(witness).second) return Outcome::kTaken;
  std::vector<trust::VerifierKey> shown;
  for (const size_t one : shown_) shown.push_back(quorum_.policy().witnesses()[one]);
  if (!quorum_.policy().Met(shown)) return Outcome::kTaken;
  state_ = State::kOpen;
  return Outcome::kOpens;
}

bool Restart::MayOffer(size_t witness) const {
  const MutexLock lock(mutex_);
  return state_ != State::kAwaiting || !behind_.contains(witness);
}

bool Restart::Refute() {
  const MutexLock lock(mutex_);
  const bool first = state_ != State::kRefuted;
  state_ = State::kRefuted;
  return first;
}

absl::StatusOr<uint64_t> CosignedBy(const trust::VerifierKey& witness, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::vector<store::WitnessViewRow> views, reader.ListWitnessViews());
  const std::string vkey = witness.ToString();
  for (const store::WitnessViewRow& view : views) {
    if (view.witness == vkey) return view.size;
  }
  return uint64_t{0};
}

absl::StatusOr<bool> Belongs(const trust::Checkpoint& checkpoint, store::Reader& reader) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (checkpoint.size > head.size) return false;
  ASSIGN_OR_RETURN(const trust::RightEdge edge, ledger::EdgeAt(reader, checkpoint.size));
  return edge.Root() == checkpoint.root;
}

}  // namespace derwent::witness
