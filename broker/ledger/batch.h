#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/ledger/packed_entry.h"
#include "broker/ledger/visibility.h"
#include "broker/store/rows.h"
#include "trust/base/digest.h"
#include "trust/merkle/tree.h"

namespace derwent::ledger {

// The perfect subtrees of a tree's right part: all that contain a leaf from `start` on, and the left siblings their
// proofs need. Kept level by level, so that a proof costs look-ups. A value.
class RecentNodes {
 public:
  // `edge`: of the tree of `start` leaves.
  explicit RecentNodes(const trust::RightEdge& edge);
  // Takes a subtree that an appended leaf completed, in the order RightEdge::Append tells them.
  void Add(trust::NodeId node, const Sha256Digest& hash);
  // Audit path of leaf `index`, sibling first, in the tree of `size` leaves. Error: kInvalidArgument unless start <=
  // index < size.
  absl::StatusOr<std::vector<Sha256Digest>> Path(uint64_t index, uint64_t size) const;

 private:
  struct Level {
    uint64_t first = 0;  // index of nodes[0] at this level
    std::vector<Sha256Digest> nodes;
  };
  uint64_t start_ = 0;
  std::vector<Level> levels_;
};

// An appended entry until its batch is committed.
struct PendingEntry {
  PackedEntry entry;
  store::EntryRow row;
  std::string public_body;
};

// One batch as it was committed: enough to make the receipts of its entries without reading the store. Immutable and
// thread-safe; the writer hands it to the workers that render the replies, whichever ends last frees it.
class SealedBatch {
 public:
  SealedBatch(store::CheckpointRow checkpoint, RecentNodes nodes, std::deque<PendingEntry> entries);

  // The newest checkpoint, verbatim, and its size.
  const std::string& note() const { return checkpoint_.note; }
  uint64_t size() const { return checkpoint_.size; }

  // What it holds, in order.
  const std::deque<PendingEntry>& entries() const { return entries_; }

  // A C2SP tlog-proof whose `extra` opens the fields `agency` may open as a party. Error: kNotFound not of this batch.
  // Show it to nobody before the commit is acknowledged.
  absl::StatusOr<std::string> MakeReceipt(uint64_t index, absl::string_view agency) const;

 private:
  store::CheckpointRow checkpoint_;
  RecentNodes nodes_;
  std::deque<PendingEntry> entries_;
};

}  // namespace derwent::ledger
