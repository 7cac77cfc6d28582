#include "policy/engine/emergency.h"

#include "absl/strings/match.h"

namespace derwent::policy {

std::optional<Form> EmergencyForm(absl::string_view category) {
  if (absl::StartsWith(category, "health.")) return Form::kFlagOnly;
  for (const absl::string_view full : {"identity", "contact", "location.current", "vulnerability.flag"}) {
    if (category == full) return Form::kFull;
  }
  return std::nullopt;
}

}  // namespace derwent::policy
