#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace derwent::connectors {

// The line, from 1, at which `text` stops being JSON; 0 when it is JSON. Pure; nesting of any depth is fine.
int64_t LineOfJsonFault(absl::string_view text);

}  // namespace derwent::connectors
