#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace derwent::store {

// Entry indexes of a delivery as stored: 8 octets each, big-endian.
std::string EncodeEntryList(absl::Span<const uint64_t> indexes);
// Error: kDataLoss unless a multiple of 8 octets.
absl::StatusOr<std::vector<uint64_t>> DecodeEntryList(absl::string_view octets);

}  // namespace derwent::store
