#include "trust/merkle/proof.h"

#include <bit>

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

// MTH(D[start:end]), start a multiple of the largest power of two below end - start. Depth at most 64.
absl::StatusOr<Sha256Digest> RangeRoot(uint64_t start, uint64_t end, NodeReader read) {
  const uint64_t count = end - start;
  if (std::has_single_bit(count)) {
    const int level = std::countr_zero(count);
    return read({.level = level, .index = start >> level});
  }
  const uint64_t split = std::bit_floor(count);
  ASSIGN_OR_RETURN(const Sha256Digest left, RangeRoot(start, start + split, read));
  ASSIGN_OR_RETURN(const Sha256Digest right, RangeRoot(start + split, end, read));
  return NodeHash(left, right);
}

// Largest power of two strictly less than `count`, which is at least 2.
uint64_t Split(uint64_t count) { return std::bit_floor(count - 1); }

absl::Status Path(uint64_t index, uint64_t start, uint64_t end, NodeReader read, std::vector<Sha256Digest>& path) {
  if (end - start <= 1) return absl::OkStatus();
  const uint64_t middle = start + Split(end - start);
  const bool left = index < middle;
  RETURN_IF_ERROR(left ? Path(index, start, middle, read, path) : Path(index, middle, end, read, path));
  ASSIGN_OR_RETURN(const Sha256Digest sibling, left ? RangeRoot(middle, end, read) : RangeRoot(start, middle, read));
  path.push_back(sibling);
  return absl::OkStatus();
}

absl::Status Subproof(uint64_t old_size, uint64_t start, uint64_t end, bool whole, NodeReader read,
                      std::vector<Sha256Digest>& path) {
  if (old_size == end - start) {
    if (whole) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Sha256Digest root, RangeRoot(start, end, read));
    path.push_back(root);
    return absl::OkStatus();
  }
  const uint64_t split = Split(end - start);
  Sha256Digest other;
  if (old_size <= split) {
    RETURN_IF_ERROR(Subproof(old_size, start, start + split, whole, read, path));
    ASSIGN_OR_RETURN(other, RangeRoot(start + split, end, read));
  } else {
    RETURN_IF_ERROR(Subproof(old_size - split, start + split, end, false, read, path));
    ASSIGN_OR_RETURN(other, RangeRoot(start, start + split, read));
  }
  path.push_back(other);
  return absl::OkStatus();
}

absl::Status Broken(absl::string_view what) { return absl::DataLossError(what); }

// How far a walk to the root has come: its node and the last node of that level (fn and sn of RFC 9162).
struct Level {
  uint64_t node = 0;
  uint64_t last = 0;

  bool at_root() const { return last == 0; }
  // Whether the proof's next hash stands left of the node.
  bool left_comes_next() const { return (node & 1) != 0 || node == last; }
  void Rise() {
    node >>= 1;
    last >>= 1;
  }
  // Passes the levels at which the node has no neighbour.
  void RiseToNeighbour() {
    while ((node & 1) == 0 && node != 0) Rise();
  }
};

// What a consistency proof leads to.
struct ProvenRoots {
  Sha256Digest old_root;
  Sha256Digest root;
};

absl::StatusOr<ProvenRoots> WalkToRoots(Level level, const Sha256Digest& start, absl::Span<const Sha256Digest> path) {
  ProvenRoots proven{.old_root = start, .root = start};
  for (const Sha256Digest& next : path) {
    if (level.at_root()) return Broken("the consistency proof is too long");
    if (level.left_comes_next()) {
      proven.old_root = NodeHash(next, proven.old_root);
      proven.root = NodeHash(next, proven.root);
      level.RiseToNeighbour();
    } else {
      proven.root = NodeHash(proven.root, next);
    }
    level.Rise();
  }
  if (!level.at_root()) return Broken("the consistency proof is too short");
  return proven;
}

}  // namespace

absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(uint64_t index, uint64_t size, NodeReader read) {
  if (index >= size) return absl::InvalidArgumentError("the index is not in the tree");
  std::vector<Sha256Digest> path;
  RETURN_IF_ERROR(Path(index, 0, size, read, path));
  return path;
}

absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(uint64_t old_size, uint64_t size, NodeReader read) {
  if (old_size == 0 || old_size > size) return absl::InvalidArgumentError("the old size is 0 or over the new size");
  std::vector<Sha256Digest> path;
  RETURN_IF_ERROR(Subproof(old_size, 0, size, true, read, path));
  return path;
}

absl::Status VerifyInclusion(const Sha256Digest& leaf_hash, uint64_t index, uint64_t size,
                             absl::Span<const Sha256Digest> path, const Sha256Digest& root) {
  if (index >= size) return Broken("the index is not in the tree");
  Level level{.node = index, .last = size - 1};
  Sha256Digest proven = leaf_hash;
  for (const Sha256Digest& next : path) {
    if (level.at_root()) return Broken("the inclusion proof is too long");
    if (level.left_comes_next()) {
      proven = NodeHash(next, proven);
      level.RiseToNeighbour();
    } else {
      proven = NodeHash(proven, next);
    }
    level.Rise();
  }
  if (!level.at_root()) return Broken("the inclusion proof is too short");
  return proven == root ? absl::OkStatus() : Broken("the inclusion proof leads to another root");
}

absl::Status VerifyConsistency(uint64_t old_size, uint64_t size, const Sha256Digest& old_root, const Sha256Digest& root,
                               absl::Span<const Sha256Digest> path) {
  if (old_size == 0 || old_size > size) return Broken("the old size is 0 or over the new size");
  if (old_size == size) {
    if (old_root != root) return Broken("two trees of one size differ");
    return path.empty() ? absl::OkStatus() : Broken("the consistency proof of two equal trees is not empty");
  }
  if (path.empty()) return Broken("the consistency proof is empty");
  // An old tree that is perfect is itself the first node.
  const bool perfect = std::has_single_bit(old_size);
  Level level{.node = old_size - 1, .last = size - 1};
  while ((level.node & 1) != 0) level.Rise();
  ASSIGN_OR_RETURN(const ProvenRoots proven,
                   WalkToRoots(level, perfect ? old_root : path.front(), path.subspan(perfect ? 0 : 1)));
  if (proven.old_root != old_root) return Broken("the consistency proof leads to another old root");
  return proven.root == root ? absl::OkStatus() : Broken("the consistency proof leads to another root");
}

absl::StatusOr<Sha256Digest> ProvenPast(uint64_t old_size, uint64_t size, const Sha256Digest& root,
                                        absl::Span<const Sha256Digest> path) {
  if (old_size >= size || old_size == 0 || std::has_single_bit(old_size))
    return absl::InvalidArgumentError("the old size is 0, a power of two or not under the new size");
  if (path.empty()) return Broken("the consistency proof is empty");
  Level level{.node = old_size - 1, .last = size - 1};
  while ((level.node & 1) != 0) level.Rise();
  ASSIGN_OR_RETURN(const ProvenRoots proven, WalkToRoots(level, path.front(), path.subspan(1)));
  if (proven.root != root) return Broken("the consistency proof leads to another root");
  return proven.old_root;
}

}  // namespace derwent::trust
