#include "broker/rpc/gossip.h"

#include <memory>
#include <utility>

#include "broker/witness/restart.h"
#include "trust/note/checkpoint.h"
#include "trust/secret/sha256.h"

namespace derwent::rpc {
namespace {

constexpr size_t kMostOctets = size_t{16} << 10;
constexpr size_t kMostJudged = 512;

}  // namespace

std::string Gossip::newest() const {
  const MutexLock lock(mutex_);
  return newest_;
}

void Gossip::SetNewest(std::string note) {
  const MutexLock lock(mutex_);
  newest_ = std::move(note);
}

bool Gossip::IsJudged(const Sha256Digest& digest) const {
  const MutexLock lock(mutex_);
  return judged_.contains(digest);
}

void Gossip::Remember(const Sha256Digest& digest) {
  const MutexLock lock(mutex_);
  if (judged_.size() >= kMostJudged) judged_.clear();
  judged_.insert(digest);
}

void Gossip::Heard(absl::string_view note) {
  if (note.size() > kMostOctets) return;
  const Sha256Digest digest = trust::Sha256(note);
  if (IsJudged(digest)) return;
  const absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_keys_);
  if (!checkpoint.ok() || checkpoint->origin != log_keys_.origin()) return;
  // The snapshot is newer than the note: a checkpoint is durable before anybody sees it.
  const absl::StatusOr<std::unique_ptr<store::Reader>> reader = store_.Read();
  if (!reader.ok()) return;
  const absl::StatusOr<bool> belongs = witness::Belongs(*checkpoint, **reader);
  if (!belongs.ok()) return;
  Remember(digest);
  if (!*belongs) refute_(std::string(note));
}

}  // namespace derwent::rpc
