#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"

#include "broker/store/store.h"
#include "trust/base/digest.h"
#include "trust/merkle/tile.h"
#include "trust/merkle/tree.h"

namespace derwent::ledger {

// Roots of perfect subtrees, computed from stored tiles; each tile is read once and hashed up once. Borrows the reader.
// Not thread-safe.
class TileNodes {
 public:
  explicit TileNodes(store::Reader& reader) : reader_(reader) {}
  // Error: kDataLoss the tiles do not hold the subtree; of the store.
  absl::StatusOr<Sha256Digest> Read(trust::NodeId node);

 private:
  // A stored tile and, once one is asked for, the nodes above its hashes: in heap order, the tile's own root first.
  struct Tile {
    std::string hashes;
    std::vector<Sha256Digest> above;
  };
  absl::StatusOr<Tile*> Fetch(trust::TileId id);

  store::Reader& reader_;
  absl::btree_map<store::TileKey, Tile> tiles_;
};

// The right edge of the tree as it was at `size`. Errors: as Read.
absl::StatusOr<trust::RightEdge> EdgeAt(store::Reader& reader, uint64_t size);

}  // namespace derwent::ledger
