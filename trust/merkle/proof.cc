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
  uint64_t fn = index;
  uint64_t sn = size - 1;
  Sha256Digest r = leaf_hash;
  for (const Sha256Digest& p : path) {
    if (sn == 0) return Broken("the inclusion proof is too long");
    if ((fn & 1) != 0 || fn == sn) {
      r = NodeHash(p, r);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = NodeHash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Broken("the inclusion proof is too short");
  return r == root ? absl::OkStatus() : Broken("the inclusion proof leads to another root");
}

absl::Status VerifyConsistency(uint64_t old_size, uint64_t size, const Sha256Digest& old_root, const Sha256Digest& root,
                               absl::Span<const Sha256Digest> path) {
  if (old_size == 0 || old_size > size) return Broken("the old size is 0 or over the new size");
  if (old_size == size) {
    return path.empty() && old_root == root ? absl::OkStatus() : Broken("two trees of one size differ");
  }
  if (path.empty()) return Broken("the consistency proof is empty");
  std::vector<Sha256Digest> whole;
  if (std::has_single_bit(old_size)) whole.push_back(old_root);
  whole.insert(whole.end(), path.begin(), path.end());
  uint64_t fn = old_size - 1;
  uint64_t sn = size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  Sha256Digest fr = whole.front();
  Sha256Digest sr = whole.front();
  for (size_t i = 1; i < whole.size(); ++i) {
    const Sha256Digest& c = whole[i];
    if (sn == 0) return Broken("the consistency proof is too long");
    if ((fn & 1) != 0 || fn == sn) {
      fr = NodeHash(c, fr);
      sr = NodeHash(c, sr);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = NodeHash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Broken("the consistency proof is too short");
  if (fr != old_root) return Broken("the consistency proof leads to another old root");
  return sr == root ? absl::OkStatus() : Broken("the consistency proof leads to another root");
}

}  // namespace derwent::trust
