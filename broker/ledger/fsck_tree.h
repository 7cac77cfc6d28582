#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "trust/base/digest.h"

// RFC 6962 section 2.1 once more, written by itself: what the ledger's writer computes with `trust/merkle` is checked
// with other code.

namespace derwent::ledger {

Sha256Digest HashOfLeaf(absl::string_view leaf);
Sha256Digest HashOfNode(const Sha256Digest& left, const Sha256Digest& right);

// MTH of leaves whose hashes these are, by the definition. At least one.
Sha256Digest TreeHash(absl::Span<const Sha256Digest> leaves);

// The tree over leaves that come in order: a stack of perfect trees, each smaller than the one below it. A value.
class FsckTree {
 public:
  // `perfect` is told each perfect tree that the leaf completes, its own of height 0 included: leaves
  // [index << height, (index + 1) << height).
  using Perfect = absl::FunctionRef<void(int height, uint64_t index, const Sha256Digest& hash)>;
  void Add(const Sha256Digest& leaf_hash, Perfect perfect);

  uint64_t size() const { return size_; }
  Sha256Digest Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<std::pair<int, Sha256Digest>> perfect_;  // Height and hash.
};

}  // namespace derwent::ledger
