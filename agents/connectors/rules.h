#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent::connectors {

// What one value must look like, and the form the record keeps it in.
enum class Rule {
  kText,       // As it is.
  kDate,       // `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, a day that exists; a time of day is cut off.
  kNhsNumber,  // Ten digits with a right check digit; spaces and hyphens are dropped.
  kPostcode,   // Upper case with one space.
  kUprn,       // 1 to 12 digits without leading zeros; a spreadsheet's `1.0E+11` is refused.
};

// The rule of that name in a mapping; empty means text.
std::optional<Rule> RuleNamed(absl::string_view name);

// Error: kInvalidArgument saying what the value must be, never the value.
absl::StatusOr<std::string> ReadValue(Rule rule, const std::string& text);

}  // namespace derwent::connectors
