#include "broker/ledger/fsck_tree.h"

#include "absl/strings/str_cat.h"

#include "trust/secret/sha256.h"

namespace derwent::ledger {

Sha256Digest HashOfLeaf(absl::string_view leaf) { return trust::Sha256Parts({absl::string_view("\0", 1), leaf}); }

Sha256Digest HashOfNode(const Sha256Digest& left, const Sha256Digest& right) {
  return trust::Sha256Parts({absl::string_view("\1", 1), left.view(), right.view()});
}

// Its recursion ends: both parts are shorter, and of a Span of n the depth is log2 n.
Sha256Digest TreeHash(absl::Span<const Sha256Digest> leaves) {
  if (leaves.size() == 1) return leaves.front();
  size_t left = 1;
  while (left * 2 < leaves.size()) left *= 2;
  return HashOfNode(TreeHash(leaves.subspan(0, left)), TreeHash(leaves.subspan(left)));
}

void FsckTree::Add(const Sha256Digest& leaf_hash, Perfect perfect) {
  int height = 0;
  Sha256Digest hash = leaf_hash;
  perfect(height, size_, hash);
  while (!perfect_.empty() && perfect_.back().first == height) {
    hash = HashOfNode(perfect_.back().second, hash);
    perfect_.pop_back();
    ++height;
    perfect(height, size_ >> height, hash);
  }
  perfect_.emplace_back(height, hash);
  ++size_;
}

Sha256Digest FsckTree::Root() const {
  if (perfect_.empty()) return trust::Sha256("");
  Sha256Digest root = perfect_.back().second;
  for (size_t i = perfect_.size() - 1; i-- > 0;) root = HashOfNode(perfect_[i].second, root);
  return root;
}

}  // namespace derwent::ledger
