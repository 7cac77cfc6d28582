#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "absl/status/statusor.h"

#include "broker/store/store.h"
#include "broker/witness/quorum.h"
#include "trust/base/mutex.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"

namespace derwent::witness {

// Whether this database is the ledger that others saw. A database put back from a backup is sound in itself: only those
// who saw more can tell. So after a start nothing is signed until a quorum of witnesses has shown what it saw; and from
// then on, too, one checkpoint of ours that does not belong here ends all writing. Thread-safe.
class Restart {
 public:
  enum class State { kAwaiting, kOpen, kRefuted };
  // What comes of a showing.
  enum class Outcome {
    kTaken,        // It counts, as far as anybody is awaited.
    kOpens,        // It counts, and with it they are a quorum: writing begins.
    kBehind,       // It counts for nothing: what it once saw is lost. Alarm; once, until it has caught up.
    kStillBehind,  // The same, told before.
  };

  // `quorum` is borrowed. Open at once under `quorum none`.
  explicit Restart(const Quorum& quorum);
  State state() const;
  // That witness has shown that it saw the log up to `size`, and it belongs here. This database knows that it cosigned
  // `cosigned` (CosignedBy): one that shows less can no longer tell what came after the database was copied.
  Outcome Shown(size_t witness, uint64_t size, uint64_t cosigned);
  // Whether it may be offered a checkpoint: not one that is behind while witnesses are awaited, for what it takes now
  // it would show as seen before.
  bool MayOffer(size_t witness) const;
  // A checkpoint signed by this log does not belong to this database. Final. True for the first.
  bool Refute();

 private:
  const Quorum& quorum_;
  mutable Mutex mutex_;
  State state_ GUARDED_BY(mutex_);
  std::set<size_t> shown_ GUARDED_BY(mutex_);
  std::set<size_t> behind_ GUARDED_BY(mutex_);
};

// The largest size that this database knows the witness cosigned; 0: none. Errors: of the store.
absl::StatusOr<uint64_t> CosignedBy(const trust::VerifierKey& witness, store::Reader& reader);

// Whether the tree that a checkpoint of this log signs is this database's. Errors: of the store.
absl::StatusOr<bool> Belongs(const trust::Checkpoint& checkpoint, store::Reader& reader);

}  // namespace derwent::witness
