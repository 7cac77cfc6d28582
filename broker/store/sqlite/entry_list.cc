#include "broker/store/sqlite/entry_list.h"

namespace derwent::store {

std::string EncodeEntryList(absl::Span<const uint64_t> indexes) {
  std::string octets;
  octets.reserve(indexes.size() * 8);
  for (const uint64_t index : indexes) {
    for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(index >> shift));
  }
  return octets;
}

absl::StatusOr<std::vector<uint64_t>> DecodeEntryList(absl::string_view octets) {
  if (octets.size() % 8 != 0) return absl::DataLossError("store: a list of entry indexes is cut");
  std::vector<uint64_t> indexes(octets.size() / 8, 0);
  for (size_t i = 0; i < octets.size(); ++i) indexes[i / 8] = indexes[i / 8] << 8 | static_cast<uint8_t>(octets[i]);
  return indexes;
}

}  // namespace derwent::store
