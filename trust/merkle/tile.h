#pragma once

#include <cstdint>
#include <string>

#include "trust/merkle/tree.h"

namespace derwent::trust {

// C2SP tlog-tiles coordinates: a tile holds up to 256 node hashes of tree level 8·level.
inline constexpr int kTileHeight = 8;
inline constexpr uint64_t kTileWidth = 256;

struct TileId {
  int level = 0;
  uint64_t index = 0;
  friend auto operator<=>(const TileId&, const TileId&) = default;
};

// The tile that holds the hashes of a node's stored descendants, and where: a node between stored levels is the
// root of `count` adjacent hashes from `first`.
struct TileSpan {
  TileId tile;
  uint64_t first = 0;
  uint64_t count = 1;
};
TileSpan TileOf(NodeId node);

// `x001/x234/067` (C2SP tlog-tiles).
std::string TileIndexPath(uint64_t index);

}  // namespace derwent::trust
