#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/base/mutex.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"
#include "trust/note/quorum.h"

namespace derwent::agents {

// An agency's own observation of the witnesses' quorum, under its own copy of the quorum policy: since when it has
// known of entries that no checkpoint with its quorum covers. A broker that hides this from its agencies stops its own
// traffic. Thread-safe; time is handed in.
class QuorumWatch {
 public:
  // `kept`: what Kept() said before; empty at the very first, and anything unreadable counts from the next observation.
  QuorumWatch(trust::QuorumPolicy policy, absl::Duration limit, absl::string_view kept);

  // A cosigned checkpoint with its quorum under this agency's policy. Says nothing of whether it is of the log's tree:
  // its size counts (Observe) once it is consistent with what the agent saw. Errors: kUnauthenticated,
  // kInvalidArgument, kFailedPrecondition: the note does not verify by a key of the log, or under the policy.
  absl::StatusOr<trust::Checkpoint> Open(absl::string_view cosigned_note, const trust::LogKeys& log_keys) const;

  // A tree of the log that this agent knows of, and the largest that it knows to be under its quorum (0: it learned of
  // none; the largest before stays).
  void Observe(uint64_t known_size, uint64_t cosigned_size, absl::Time now);

  // Whether the entry at that index is known to be under a quorum; always under `quorum none`.
  bool Covers(uint64_t index) const;

  // The largest tree known to be under a quorum; 0: none yet.
  uint64_t cosigned_size() const;
  absl::Duration limit() const { return limit_; }

  // For how long entries have been without a quorum; zero when none are known, or under `quorum none`.
  absl::Duration Age(absl::Time now) const;
  bool none() const { return policy_.none(); }
  // Whether that key (a vkey) is one of the policy's witnesses.
  bool Wants(absl::string_view vkey) const;
  // Older than a tenth of the limit, and than the limit: nothing more is released.
  bool Amber(absl::Time now) const { return Age(now) > limit_ / 10; }
  bool Stopped(absl::Time now) const { return Age(now) > limit_; }
  // What must survive a restart.
  std::string Kept() const;

 private:
  struct Waiting {
    uint64_t size = 0;  // The smallest tree known that no quorum covers.
    absl::Time since;
  };
  const trust::QuorumPolicy policy_;
  const absl::Duration limit_;
  mutable Mutex mutex_;
  std::optional<Waiting> waiting_ GUARDED_BY(mutex_);
  uint64_t known_size_ GUARDED_BY(mutex_) = 0;     // The largest tree known since the start.
  uint64_t cosigned_size_ GUARDED_BY(mutex_) = 0;  // The largest known to be under the quorum.
};

}  // namespace derwent::agents
