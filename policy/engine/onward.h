#pragma once

#include "absl/strings/string_view.h"

// Who agrees to what goes onward (domain decision 27).

namespace derwent::policy {

// Whoever shared it first agrees under this name, by somebody who holds the other role there.
inline constexpr char kOriginator[] = "originator";
inline constexpr char kOriginatorsRole[] = "spoc";

// The role that a person holds who agrees as `role`.
inline absl::string_view HeldAs(absl::string_view role) { return role == kOriginator ? kOriginatorsRole : role; }

}  // namespace derwent::policy
