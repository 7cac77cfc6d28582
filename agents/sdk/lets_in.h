#pragma once

#include <algorithm>

#include "absl/strings/string_view.h"

namespace derwent::agents {

// Whether a record's two lists of opaque ids let a person in: the only ones who may see it (empty: no list), and those
// who may not.
template <typename List>
bool LetsIn(const List& only, const List& never, absl::string_view person) {
  return (only.empty() || std::find(only.begin(), only.end(), person) != only.end()) &&
         std::find(never.begin(), never.end(), person) == never.end();
}

}  // namespace derwent::agents
