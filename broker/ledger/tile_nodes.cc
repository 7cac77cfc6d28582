#include "broker/ledger/tile_nodes.h"

#include "trust/base/status_macros.h"
#include "trust/merkle/tile.h"

namespace derwent::ledger {

absl::StatusOr<Sha256Digest> TileNodes::Read(trust::NodeId node) {
  const trust::TileSpan span = trust::TileOf(node);
  const store::TileKey key{.level = static_cast<uint32_t>(span.tile.level), .number = span.tile.index};
  auto tile = tiles_.find(key);
  if (tile == tiles_.end()) {
    ASSIGN_OR_RETURN(std::string hashes, reader_.GetTile(key));
    tile = tiles_.emplace(key, std::move(hashes)).first;
  }
  const absl::string_view hashes = tile->second;
  if (hashes.size() < (span.first + span.count) * Sha256Digest::kSize)
    return absl::DataLossError("ledger: a tile is too short");
  trust::RightEdge subtree;
  for (uint64_t i = span.first; i < span.first + span.count; ++i) {
    ASSIGN_OR_RETURN(const Sha256Digest hash,
                     Sha256Digest::FromBytes(hashes.substr(i * Sha256Digest::kSize, Sha256Digest::kSize)));
    subtree.Append(hash, [](trust::NodeId, const Sha256Digest&) {});
  }
  return subtree.Root();
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
