#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/ledger/visibility.h"
#include "broker/store/rows.h"
#include "trust/base/digest.h"

namespace derwent::ledger {

// Perfect subtrees of a tree's right part: all that contain a leaf from `start` on, and the left siblings their proofs need.
// Kept level by level, so that a proof costs look-ups only. A value.
class RecentNodes {
 public:
  // `edge`: the perfect subtrees of the tree of `start` leaves, largest first.
  RecentNodes(uint64_t start, const std::vector<Sha256Digest>& edge);
  // Appends a leaf hash: completes subtrees as they fill.
  void Append(const Sha256Digest& leaf_hash);
  // Audit path of leaf `index` (start <= index < size), sibling first, in the tree of all leaves so far.
  std::vector<Sha256Digest> Path(uint64_t index) const;
  uint64_t start() const { return start_; }
  uint64_t size() const { return size_; }

 private:
  struct Level {
    uint64_t first = 0;  // index of nodes[0] at this level
    std::vector<Sha256Digest> nodes;
  };
  uint64_t start_ = 0;
  uint64_t size_ = 0;
  std::vector<Level> levels_;
};

// One batch as it was committed: enough to make the receipts of its entries without reading the store. Immutable and
// thread-safe; the writer hands it to the workers that render the replies, whichever ends last frees it.
class SealedBatch {
 public:
  SealedBatch(store::CheckpointRow checkpoint, RecentNodes nodes, std::vector<store::EntryRow> entries);

  // The newest checkpoint, verbatim, and its size.
  const std::string& note() const { return checkpoint_.note; }
  uint64_t size() const { return checkpoint_.size; }

  // A C2SP tlog-proof whose `extra` opens the fields `agency` may open as a party. Error: kNotFound not of this batch.
  // Show it to nobody before the commit is acknowledged.
  absl::StatusOr<std::string> MakeReceipt(uint64_t index, absl::string_view agency) const;

 private:
  store::CheckpointRow checkpoint_;
  RecentNodes nodes_;
  std::vector<store::EntryRow> entries_;
};

}  // namespace derwent::ledger
