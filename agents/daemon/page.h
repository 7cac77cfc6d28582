#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace derwent::agents {

// Page size, and the row below which the page starts (0: from the newest).
struct Page {
  int size = 50;
  int64_t before = 0;
};

// Reads `page_size` (1 to 500, 0 for the default) and `page_token`. Error: kInvalidArgument, a Fault naming every wrong
// field.
absl::StatusOr<Page> PageOf(int32_t size, const std::string& token);

}  // namespace derwent::agents
