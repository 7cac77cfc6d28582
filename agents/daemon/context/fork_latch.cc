#include "agents/daemon/context/fork_latch.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace derwent::agents {

ForkLatch::ForkLatch(absl::string_view kept, std::set<std::string> accepted) : accepted_(std::move(accepted)) {
  if (kept.empty()) return;
  const std::vector<std::string> words = absl::StrSplit(kept, absl::MaxSplits(' ', 1));
  // What does not parse is held all the same, under its whole text.
  const Proof proof{.code = words.front(), .name = words.back()};
  if (!accepted_.contains(proof.name)) held_ = proof;
}

bool ForkLatch::Hold(const Proof& proof) {
  const MutexLock lock(mutex_);
  if (held_.has_value() || accepted_.contains(proof.name)) return false;
  held_ = proof;
  return true;
}

std::optional<ForkLatch::Proof> ForkLatch::held() const {
  const MutexLock lock(mutex_);
  return held_;
}

std::string ForkLatch::Kept() const {
  const MutexLock lock(mutex_);
  return held_.has_value() ? absl::StrCat(held_->code, " ", held_->name) : "";
}

}  // namespace derwent::agents
