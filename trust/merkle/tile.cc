#include "trust/merkle/tile.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace derwent::trust {

TileSpan TileOf(NodeId node) {
  const int level = node.level / kTileHeight;
  const int above = node.level % kTileHeight;
  const uint64_t first = node.index << above;
  return {.tile = {.level = level, .index = first / kTileWidth},
          .first = first % kTileWidth,
          .count = uint64_t{1} << above};
}

std::string TileIndexPath(uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % 1000);
  for (index /= 1000; index > 0; index /= 1000)
    path = absl::StrCat("x", absl::StrFormat("%03d", index % 1000), "/", path);
  return path;
}

uint64_t TileWidthAt(uint64_t size, TileId tile) {
  const int shift = tile.level * kTileHeight;
  if (shift >= 64) return 0;
  const uint64_t nodes = size >> shift;
  const uint64_t start = tile.index * kTileWidth;
  return nodes <= start ? 0 : std::min(nodes - start, kTileWidth);
}

}  // namespace derwent::trust
