#include "trust/merkle/tree.h"

#include <array>
#include <bit>

#include "trust/secret/sha256.h"

namespace derwent::trust {

Sha256Digest EmptyRoot() { return Sha256(""); }
Sha256Digest LeafHash(absl::string_view leaf) { return Sha256Parts({absl::string_view("\0", 1), leaf}); }
Sha256Digest NodeHash(const Sha256Digest& left, const Sha256Digest& right) {
  // One piece: a tree is made of these, and each piece costs.
  std::array<char, 1 + 2 * Sha256Digest::kSize> node{'\1'};
  left.view().copy(node.data() + 1, Sha256Digest::kSize);
  right.view().copy(node.data() + 1 + Sha256Digest::kSize, Sha256Digest::kSize);
  return Sha256({node.data(), node.size()});
}

void RightEdge::Append(const Sha256Digest& leaf_hash, absl::FunctionRef<void(NodeId, const Sha256Digest&)> seen) {
  Sha256Digest hash = leaf_hash;
  NodeId node{.level = 0, .index = size_};
  seen(node, hash);
  // Invariant: each trailing one bit of the size is a perfect left sibling waiting at that level.
  for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    hash = NodeHash(hashes_.back(), hash);
    hashes_.pop_back();
    node = {.level = node.level + 1, .index = node.index >> 1};
    seen(node, hash);
  }
  hashes_.push_back(hash);
  ++size_;
}

Sha256Digest RightEdge::Root() const {
  if (hashes_.empty()) return EmptyRoot();
  Sha256Digest root = hashes_.back();
  for (size_t i = hashes_.size() - 1; i > 0; --i) root = NodeHash(hashes_[i - 1], root);
  return root;
}

std::vector<NodeId> RightEdge::Nodes(uint64_t size) {
  std::vector<NodeId> nodes;
  uint64_t start = 0;
  for (int level = 63; level >= 0; --level) {
    if ((size >> level & 1) == 0) continue;
    nodes.push_back({.level = level, .index = start >> level});
    start += uint64_t{1} << level;
  }
  return nodes;
}

}  // namespace derwent::trust
