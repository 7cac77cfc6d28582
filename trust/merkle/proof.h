#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "trust/base/digest.h"
#include "trust/merkle/tree.h"

namespace derwent::trust {

// Reads the root of a perfect subtree that lies wholly inside the tree.
using NodeReader = absl::FunctionRef<absl::StatusOr<Sha256Digest>(NodeId)>;

// RFC 6962 section 2.1.1: audit path of leaf `index` in the tree of `size` leaves, sibling first.
// Error: kInvalidArgument when index >= size.
absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(uint64_t index, uint64_t size, NodeReader read);

// RFC 6962 section 2.1.2: proof that the tree of `size` extends that of `old_size`. Empty when equal.
// Error: kInvalidArgument when old_size is 0 or over size.
absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(uint64_t old_size, uint64_t size, NodeReader read);

// RFC 9162 section 2.1.3.2. Error: kDataLoss when the proof does not lead from the leaf to the root.
absl::Status VerifyInclusion(const Sha256Digest& leaf_hash, uint64_t index, uint64_t size,
                             absl::Span<const Sha256Digest> path, const Sha256Digest& root);

// RFC 9162 section 2.1.4.2. Error: kDataLoss when the second tree is not shown to extend the first.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t size, const Sha256Digest& old_root, const Sha256Digest& root,
                               absl::Span<const Sha256Digest> path);

// The root that the first `old_size` leaves have in the tree of `size` leaves, as a consistency proof shows it,
// whatever anybody said it was. Errors: kDataLoss the proof does not lead to `root`; kInvalidArgument `old_size` is 0,
// a power of two, of which a proof leaves the old root out, or not under `size`.
absl::StatusOr<Sha256Digest> ProvenPast(uint64_t old_size, uint64_t size, const Sha256Digest& root,
                                        absl::Span<const Sha256Digest> path);

}  // namespace derwent::trust
