#include "broker/ledger/batch.h"

#include <utility>

#include "broker/ledger/receipt.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"

namespace derwent::ledger {

RecentNodes::RecentNodes(const trust::RightEdge& edge) : start_(edge.size()), levels_(64) {
  for (size_t level = 0; level < levels_.size(); ++level) levels_[level].first = start_ >> level;
  const std::vector<trust::NodeId> nodes = trust::RightEdge::Nodes(edge.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    // Invariant: an edge node is the one just before the first new node of its level.
    Level& level = levels_[static_cast<size_t>(nodes[i].level)];
    level.first = nodes[i].index;
    level.nodes.push_back(edge.hashes()[i]);
  }
}

void RecentNodes::Add(trust::NodeId node, const Sha256Digest& hash) {
  levels_[static_cast<size_t>(node.level)].nodes.push_back(hash);
}

absl::StatusOr<std::vector<Sha256Digest>> RecentNodes::Path(uint64_t index, uint64_t size) const {
  if (index < start_ || index >= size) return absl::InvalidArgumentError("ledger: the entry is not of this batch");
  return trust::InclusionProof(index, size, [this](trust::NodeId node) -> absl::StatusOr<Sha256Digest> {
    const Level& level = levels_[static_cast<size_t>(node.level)];
    const uint64_t position = node.index - level.first;
    if (node.index < level.first || position >= level.nodes.size())
      return absl::InternalError("ledger: a node of the batch is missing");
    return level.nodes[position];
  });
}

SealedBatch::SealedBatch(store::CheckpointRow checkpoint, RecentNodes nodes, std::deque<PendingEntry> entries)
    : checkpoint_(std::move(checkpoint)), nodes_(std::move(nodes)), entries_(std::move(entries)) {}

absl::StatusOr<std::string> SealedBatch::MakeReceipt(uint64_t index, absl::string_view agency) const {
  if (entries_.empty() || index < entries_.front().row.index || index > entries_.back().row.index) {
    return absl::NotFoundError("ledger: the entry is not of this batch");
  }
  const PendingEntry& pending = entries_[index - entries_.front().row.index];
  ASSIGN_OR_RETURN(std::vector<Sha256Digest> path, nodes_.Path(index, checkpoint_.size));
  return RenderReceipt(pending.entry, pending.public_body, ViewerOf(pending.row.columns, agency), index,
                       std::move(path), checkpoint_.note);
}

}  // namespace derwent::ledger
