#pragma once

#include <cstddef>
#include <set>

#include "absl/status/statusor.h"

#include "broker/store/store.h"
#include "broker/witness/quorum.h"
#include "trust/base/mutex.h"
#include "trust/note/checkpoint.h"

namespace derwent::witness {

// Whether this database is the ledger that others saw. A database put back from a backup is sound in itself: only those
// who saw more can tell. So after a start nothing is signed until a quorum of witnesses has shown what it saw; and from
// then on, too, one checkpoint of ours that does not belong here ends all writing. Thread-safe.
class Restart {
 public:
  enum class State { kAwaiting, kOpen, kRefuted };

  // `quorum` is borrowed. Open at once under `quorum none`.
  explicit Restart(const Quorum& quorum);
  State state() const;
  // That witness has shown what it saw, and it belongs here. True when this opens.
  bool Shown(size_t witness);
  // A checkpoint signed by this log does not belong to this database. Final. True for the first.
  bool Refute();

 private:
  const Quorum& quorum_;
  mutable Mutex mutex_;
  State state_ GUARDED_BY(mutex_);
  std::set<size_t> shown_ GUARDED_BY(mutex_);
};

// Whether the tree that a checkpoint of this log signs is this database's. Errors: of the store.
absl::StatusOr<bool> Belongs(const trust::Checkpoint& checkpoint, store::Reader& reader);

}  // namespace derwent::witness
