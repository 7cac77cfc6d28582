#pragma once

#include <optional>

#include "absl/strings/string_view.h"

#include "policy/engine/form.h"

namespace derwent::policy {

// In which form, at most, the route of emergencies (break-glass) releases a category: in full, or its flag only;
// nullopt: the route has it not at all (domain decision 21).
std::optional<Form> EmergencyForm(absl::string_view category);

// What an emergency is recorded to rest on, whatever else the parties may rest on under the profile (brief H): vital
// interests, UK GDPR Articles 6(1)(d) and 9(2)(c); under Part 3 DPA 2018 Schedule 8 paragraph 3.
inline constexpr char kEmergencyBasis[] = "lb.d";
inline constexpr char kEmergencyCondition[] = "c9.c";
inline constexpr char kEmergencySchedule8[] = "s8.3";

}  // namespace derwent::policy
