#include "policy/engine/model.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace derwent::policy {

bool CategoryPattern::Matches(absl::string_view category) const {
  return std::any_of(patterns.begin(), patterns.end(), [&](absl::string_view pattern) {
    if (pattern == "*" || pattern == category) return true;
    return absl::EndsWith(pattern, ".*") && absl::StartsWith(category, pattern.substr(0, pattern.size() - 1));
  });
}

std::optional<Form> Category::Meet(Form a, Form b) const {
  // A single form counts as full, so every reduction of it is that form.
  if (forms.size() == 1) return forms.front();
  if (!Has(a) || !Has(b)) return std::nullopt;
  if (a == b || b == Form::kFull) return a;
  if (a == Form::kFull) return b;
  const auto found = meets.find(std::minmax(a, b));
  if (found == meets.end()) return std::nullopt;
  return found->second;
}

const Category* Policy::FindCategory(absl::string_view id) const {
  const auto found = categories.find(id);
  return found == categories.end() ? nullptr : &found->second;
}

bool Policy::RoleOn(const std::string& role, absl::CivilDay day) const {
  const auto found = role_days.find(role);
  return found == role_days.end() || found->second.Hold(day);
}

bool Policy::AreaOn(absl::string_view area, absl::CivilDay day) const {
  const auto found = areas.find(area);
  return found == areas.end() || found->second.valid.Hold(day);
}

bool Policy::AreaWithin(absl::string_view area, absl::string_view whole, int depth) const {
  if (area == whole) return true;
  const auto found = areas.find(area);
  if (found == areas.end() || depth > 8) return false;
  return std::any_of(found->second.within.begin(), found->second.within.end(),
                     [&](const std::string& next) { return AreaWithin(next, whole, depth + 1); });
}

std::string Policy::StricterMarking(const std::string& a, const std::string& b) const {
  for (auto marking = markings.rbegin(); marking != markings.rend(); ++marking) {
    if (*marking == a || *marking == b) return *marking;
  }
  return a;
}

}  // namespace derwent::policy
