#include "agents/cli/ledger/histories.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "agents/cli/ledger/offline_ledger.h"
#include "trust/merkle/proof.h"
#include "trust/merkle/tree.h"

namespace derwent::cli {

absl::Status Histories::Add(const std::string& path, const trust::Checkpoint& checkpoint) {
  const auto [known, fresh] = roots_.emplace(checkpoint.size, checkpoint.root);
  if (fresh) files_[checkpoint.size] = path;
  if (known->second == checkpoint.root) return absl::OkStatus();
  return Broken(path, absl::StrCat("the log also signed another root for ", checkpoint.size, " entries, in `",
                                   files_[checkpoint.size], "`: it showed two histories"));
}

absl::Status Histories::Extends(const std::string& path, const trust::AddCheckpoint& proof,
                                const trust::Checkpoint& checkpoint) {
  if (proof.old_size == 0) {  // Nothing was there to rewrite.
    return proof.path.empty() ? absl::OkStatus() : Broken(path, "a proof that something extends 0 entries is empty");
  }
  const auto old = roots_.find(proof.old_size);
  if (old == roots_.end())
    return absl::InvalidArgumentError(
        absl::StrCat("`", path, "` extends ", proof.old_size, " entries: give that checkpoint too"));
  const absl::Status shown =
      trust::VerifyConsistency(proof.old_size, checkpoint.size, old->second, checkpoint.root, proof.path);
  if (!shown.ok()) {
    std::string why = absl::StrCat("it does not show that ", checkpoint.size, " entries extend ", proof.old_size, ": ",
                                   shown.message());
    if (proof.old_size < checkpoint.size)
      absl::StrAppend(&why, "; it is of other entries, or the ledger was rewritten after ", proof.old_size, " entries");
    return Broken(path, why);
  }
  extensions_.push_back({.old_size = proof.old_size, .size = checkpoint.size});
  return absl::OkStatus();
}

std::vector<uint64_t> Histories::Unconnected() const {
  std::set<uint64_t> past = {newest()};  // Shown to be, the largest first.
  std::vector<uint64_t> unconnected;
  for (auto at = roots_.rbegin(); at != roots_.rend(); ++at) {
    const uint64_t size = at->first;
    const bool extended = std::ranges::any_of(
        extensions_, [&](const Extension& one) { return one.old_size == size && past.contains(one.size); });
    const bool rehashed =
        std::ranges::any_of(rehashed_, [&](uint64_t whole) { return size < whole && past.contains(whole); });
    if (size == 0 || extended || rehashed) past.insert(size);
    if (!past.contains(size)) unconnected.push_back(size);
  }
  return unconnected;
}

}  // namespace derwent::cli
