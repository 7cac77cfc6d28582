#include "agents/sdk/quorum_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {

QuorumWatch::QuorumWatch(trust::QuorumPolicy policy, absl::Duration limit, absl::string_view kept)
    : policy_(std::move(policy)), limit_(limit) {
  const std::vector<absl::string_view> words = absl::StrSplit(kept, ' ');
  Waiting waiting;
  int64_t millis = 0;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &waiting.size) || !absl::SimpleAtoi(words[1], &millis)) return;
  waiting.since = absl::FromUnixMillis(millis);
  waiting_ = waiting;
}

absl::Status QuorumWatch::Observe(uint64_t newest_size, absl::string_view cosigned_note, absl::Time now) {
  if (policy_.none()) return absl::OkStatus();
  absl::Status judged;
  uint64_t cosigned_size = 0;
  if (!cosigned_note.empty()) {
    const absl::StatusOr<trust::Checkpoint> cosigned = trust::OpenCosignedCheckpoint(cosigned_note, policy_);
    judged = cosigned.status();
    if (cosigned.ok()) cosigned_size = cosigned->size;
  }
  const MutexLock lock(mutex_);
  if (newest_size <= cosigned_size) {
    waiting_.reset();
  } else if (!waiting_.has_value() || cosigned_size >= waiting_->size) {
    waiting_ = Waiting{.size = newest_size, .since = now};
  }
  return judged;
}

absl::Duration QuorumWatch::Age(absl::Time now) const {
  const MutexLock lock(mutex_);
  if (!waiting_.has_value() || policy_.none()) return absl::ZeroDuration();
  return std::max(now - waiting_->since, absl::ZeroDuration());
}

bool QuorumWatch::Wants(absl::string_view vkey) const {
  return std::ranges::any_of(policy_.witnesses(),
                             [&](const trust::VerifierKey& key) { return key.ToString() == vkey; });
}

std::string QuorumWatch::Kept() const {
  const MutexLock lock(mutex_);
  return waiting_.has_value() ? absl::StrCat(waiting_->size, " ", absl::ToUnixMillis(waiting_->since)) : "";
}

}  // namespace derwent::agents
