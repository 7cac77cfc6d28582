#pragma once

#include <optional>

#include "absl/strings/string_view.h"

#include "policy/engine/form.h"

namespace derwent::policy {

// In which form, at most, the route of emergencies (break-glass) releases a category: in full, or its flag only;
// nullopt: the route has it not at all (domain decision 21).
std::optional<Form> EmergencyForm(absl::string_view category);

}  // namespace derwent::policy
