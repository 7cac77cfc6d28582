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
  uint64_t cosigned = 0;
  if (!absl::SimpleAtoi(words[0], &cosigned) || (words.size() != 1 && words.size() != 3)) return;
  cosigned_size_ = cosigned;
  if (words.size() == 1 || !absl::SimpleAtoi(words[1], &waiting.size) || !absl::SimpleAtoi(words[2], &millis)) return;
  waiting.since = absl::FromUnixMillis(millis);
  known_size_ = waiting.size;
  waiting_ = waiting;
}

absl::StatusOr<trust::Checkpoint> QuorumWatch::Open(absl::string_view cosigned_note,
                                                    const trust::LogKeys& log_keys) const {
  return trust::OpenCosignedCheckpoint(cosigned_note, policy_, log_keys);
}

void QuorumWatch::Observe(uint64_t known_size, uint64_t cosigned_size, absl::Time now) {
  if (policy_.none()) return;
  const MutexLock lock(mutex_);
  known_size_ = std::max(known_size_, known_size);
  cosigned_size_ = std::max(cosigned_size_, cosigned_size);
  if (known_size_ <= cosigned_size_) {
    waiting_.reset();
  } else if (!waiting_.has_value() || cosigned_size_ >= waiting_->size) {
    waiting_ = Waiting{.size = known_size_, .since = now};
  }
}

bool QuorumWatch::Covers(uint64_t index) const {
  const MutexLock lock(mutex_);
  return policy_.none() || index < cosigned_size_;
}

uint64_t QuorumWatch::cosigned_size() const {
  const MutexLock lock(mutex_);
  return cosigned_size_;
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
  const std::string cosigned = absl::StrCat(cosigned_size_);
  return waiting_.has_value() ? absl::StrCat(cosigned, " ", waiting_->size, " ", absl::ToUnixMillis(waiting_->since))
                              : cosigned;
}

}  // namespace derwent::agents
