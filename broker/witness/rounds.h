#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

#include "broker/store/rows.h"
#include "trust/base/mutex.h"

namespace derwent::witness {

// Which checkpoint the witnesses are offered now. All are offered the same one, so that their cosignatures meet: a new
// round begins when the log has grown, a second after the one before at the earliest, once that has its quorum. A
// quorum that does not come holds the others up for ten seconds at most; a witness that does not come, nobody.
// Thread-safe; time is handed in.
class Rounds {
 public:
  static constexpr absl::Duration kCadence = absl::Seconds(1);
  static constexpr absl::Duration kLongest = absl::Seconds(10);

  // The newest durable checkpoint.
  void Grown(const store::CheckpointRow& newest);
  // True when a new round began: whoever waits asks again.
  bool Advance(absl::Time now);
  // The checkpoint of this round; nullopt before the first entry.
  std::optional<store::CheckpointRow> Offered() const;
  // That size has its quorum.
  void Met(uint64_t size);
  // A witness is beyond this round already (asked by somebody else meanwhile): it can only take the next.
  void Overtaken(uint64_t size);

 private:
  mutable Mutex mutex_;
  std::optional<store::CheckpointRow> newest_ GUARDED_BY(mutex_);
  std::optional<store::CheckpointRow> offered_ GUARDED_BY(mutex_);
  absl::Time began_ GUARDED_BY(mutex_) = absl::InfinitePast();
  bool over_ GUARDED_BY(mutex_) = false;  // Has its quorum, or cannot have it any more.
};

}  // namespace derwent::witness
