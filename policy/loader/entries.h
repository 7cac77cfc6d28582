#pragma once

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "policy/engine/model.h"
#include "policy/loader/problem.h"
#include "policy/loader/words.h"

namespace derwent::policy {

// Adds an entry under its id, which must be new.
template <typename Map, typename Value>
void Add(Map& map, absl::string_view file, const std::string& id, Value value, Problems& problems) {
  if (id.empty()) problems.Error(file, "", "id", "an entry has no id", "name it");
  if (!map.emplace(id, std::move(value)).second)
    problems.Error(file, id, "duplicate", absl::StrCat("`", id, "` stands twice"), "remove one");
}

// Reports a legal or local point that is not settled; an empty one is settled.
inline void Unconfirmed(absl::string_view file, absl::string_view about, absl::string_view point, Problems& problems) {
  if (point.empty()) return;
  problems.Warn(Severity::kUnconfirmed, file, about, "legal-point", absl::StrCat("`", about, "`: ", point),
                "have it confirmed, then clear needs_confirmation");
}

inline CategoryPattern PatternOf(const google::protobuf::RepeatedPtrField<std::string>& patterns, const Words& words) {
  CategoryPattern pattern;
  for (const std::string& next : patterns) {
    if (words.Pattern(next)) pattern.patterns.push_back(next);
  }
  return pattern;
}

}  // namespace derwent::policy
