#include "broker/ledger/tile_nodes.h"

#include <array>
#include <cstring>
#include <utility>

#include "trust/base/status_macros.h"
#include "trust/merkle/tile.h"

namespace derwent::ledger {

namespace {

uint64_t Width(absl::string_view hashes) { return hashes.size() / Sha256Digest::kSize; }

Sha256Digest HashAt(absl::string_view hashes, uint64_t at) {
  Sha256Digest hash;
  std::memcpy(hash.data(), hashes.data() + at * Sha256Digest::kSize, Sha256Digest::kSize);
  return hash;
}

// Every perfect subtree over the hashes. That of `count` hashes from `first` lies at (256 + first) / count.
std::vector<Sha256Digest> NodesAbove(absl::string_view hashes) {
  std::vector<Sha256Digest> nodes(trust::kTileWidth);
  uint64_t row = trust::kTileWidth / 2;
  uint64_t width = Width(hashes) / 2;
  for (uint64_t i = 0; i < width; ++i)
    nodes[row + i] = trust::NodeHash(HashAt(hashes, 2 * i), HashAt(hashes, 2 * i + 1));
  while (row > 1) {
    row /= 2;
    width /= 2;
    for (uint64_t i = 0; i < width; ++i)
      nodes[row + i] = trust::NodeHash(nodes[2 * (row + i)], nodes[2 * (row + i) + 1]);
  }
  return nodes;
}

// Full tiles above the lowest never change and lie in the path of every proof: a thread keeps what it hashed of them. A
// tile is known again by its octets alone, so that nothing kept can be out of date. 1 MiB a thread at most.
class UpperTiles {
 public:
  const std::vector<Sha256Digest>& NodesAbove(trust::TileId id, absl::string_view hashes) {
    Kept& kept = kept_[(id.index + static_cast<uint64_t>(id.level)) % kept_.size()];
    if (kept.hashes != hashes) kept = {.hashes = std::string(hashes), .above = ledger::NodesAbove(hashes)};
    return kept.above;
  }

 private:
  struct Kept {
    std::string hashes;
    std::vector<Sha256Digest> above;
  };
  std::array<Kept, 64> kept_;
};

std::vector<Sha256Digest> NodesAboveTile(trust::TileId id, absl::string_view hashes) {
  if (id.level == 0 || Width(hashes) < trust::kTileWidth) return NodesAbove(hashes);
  thread_local UpperTiles upper;
  return upper.NodesAbove(id, hashes);
}

}  // namespace

absl::StatusOr<TileNodes::Tile*> TileNodes::Fetch(trust::TileId id) {
  const store::TileKey key{.level = static_cast<uint32_t>(id.level), .number = id.index};
  auto tile = tiles_.find(key);
  if (tile == tiles_.end()) {
    ASSIGN_OR_RETURN(std::string hashes, reader_.GetTile(key));
    if (Width(hashes) > trust::kTileWidth) return absl::DataLossError("ledger: a tile is too long");
    tile = tiles_.emplace(key, Tile{.hashes = std::move(hashes), .above = {}}).first;
  }
  return &tile->second;
}

absl::StatusOr<Sha256Digest> TileNodes::Read(trust::NodeId node) {
  const trust::TileSpan span = trust::TileOf(node);
  ASSIGN_OR_RETURN(Tile* const tile, Fetch(span.tile));
  if (Width(tile->hashes) < span.first + span.count) return absl::DataLossError("ledger: a tile is too short");
  if (span.count == 1) return HashAt(tile->hashes, span.first);
  if (tile->above.empty()) tile->above = NodesAboveTile(span.tile, tile->hashes);
  return tile->above[(trust::kTileWidth + span.first) / span.count];
}

absl::StatusOr<trust::RightEdge> EdgeAt(store::Reader& reader, uint64_t size) {
  TileNodes tiles(reader);
  std::vector<Sha256Digest> hashes;
  for (const trust::NodeId node : trust::RightEdge::Nodes(size)) {
    ASSIGN_OR_RETURN(const Sha256Digest hash, tiles.Read(node));
    hashes.push_back(hash);
  }
  return trust::RightEdge(size, std::move(hashes));
}

}  // namespace derwent::ledger
