#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "broker/exchange/command/refusal.h"
#include "broker/store/rows.h"

namespace derwent::exchange {

// Rows of a list: how many, and from where.
struct Page {
  size_t size = 50;
  uint64_t start = 0;
};

// The page that a size and token ask for: 50 rows for 0, from `first` without a token. What is wrong goes to
// `violations`.
Page PageOf(int32_t size, const std::string& token, uint64_t first, Violations& violations);
// The side a filter names; empty: both. What is wrong goes to `violations`.
store::ShareRole RoleOf(const std::string& filter, absl::string_view sender, absl::string_view recipient,
                        Violations& violations);

}  // namespace derwent::exchange
