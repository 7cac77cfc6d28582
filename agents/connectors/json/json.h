#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/batch.h"
#include "agents/connectors/mapping.h"

namespace derwent::connectors {

inline constexpr int kMaxJsonDepth = 64;
inline constexpr size_t kMaxJsonItems = 100'000;

// Reads a JSON export: a list of items, one item, or a list at the mapping's `items` pointer; under a mapping with
// `each`, every element of that list within an item. Sources are JSON pointers (RFC 6901) within the item; behind `..`,
// within the item around an element. Errors: kInvalidArgument not JSON, deeper than 64, no items, over 100,000.
absl::StatusOr<Batch> ReadJson(const Mapping& mapping, absl::string_view text);

}  // namespace derwent::connectors
