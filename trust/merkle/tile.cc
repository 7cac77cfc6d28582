#include "trust/merkle/tile.h"

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

}  // namespace derwent::trust
