#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace derwent::policy {

// How a category may be released, most revealing first.
enum class Form { kFull, kSummarise, kGeneralise, kMask, kPseudonymise, kAggregate, kFlagOnly, kContactOwner, kRelay };

// `full`, `summarise`, …
absl::string_view FormName(Form form);
std::optional<Form> ParseForm(absl::string_view name);

}  // namespace derwent::policy
