#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"

namespace derwent::trust {

// RFC 6962 section 2.1 hashing.
Sha256Digest EmptyRoot();
Sha256Digest LeafHash(absl::string_view leaf);
Sha256Digest NodeHash(const Sha256Digest& left, const Sha256Digest& right);

// A perfect subtree's root: the leaves [index << level, (index + 1) << level).
struct NodeId {
  int level = 0;
  uint64_t index = 0;
  friend bool operator==(const NodeId&, const NodeId&) = default;
};

// The compact right edge of a growing tree: one hash for each set bit of its size, 63 at most. A value.
class RightEdge {
 public:
  RightEdge() = default;
  // `hashes` are the roots of the perfect subtrees, largest first, as many as `size` has set bits.
  RightEdge(uint64_t size, std::vector<Sha256Digest> hashes) : size_(size), hashes_(std::move(hashes)) {}

  // Appends a leaf hash. `seen` is told every perfect subtree that this leaf completes, the leaf's own included.
  void Append(const Sha256Digest& leaf_hash, absl::FunctionRef<void(NodeId, const Sha256Digest&)> seen);

  Sha256Digest Root() const;
  uint64_t size() const { return size_; }
  const std::vector<Sha256Digest>& hashes() const { return hashes_; }
  // The perfect subtrees of a tree of `size` leaves, largest first.
  static std::vector<NodeId> Nodes(uint64_t size);

 private:
  uint64_t size_ = 0;
  std::vector<Sha256Digest> hashes_;
};

}  // namespace derwent::trust
