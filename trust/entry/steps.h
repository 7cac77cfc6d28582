#pragma once

#include <algorithm>
#include <array>

#include "absl/strings/string_view.h"

// Words of an entry's field 24 (`step=`) by what they mean to a reader of the ledger (entry/FORMAT.md).

namespace derwent::trust {

// A package goes to another agency: whoever sends it is given a receipt of each of its entries.
inline bool SendsPackage(absl::string_view step) {
  constexpr std::array<absl::string_view, 6> kSteps = {"referral", "request",          "emergency",
                                                       "answer",   "emergency_answer", "supplement"};
  return std::ranges::find(kSteps, step) != kSteps.end();
}

// Something that is held about a person goes to another agency.
inline bool SharesRecord(absl::string_view step) {
  return step == "referral" || step == "answer" || step == "emergency_answer" || step == "supplement";
}

// A question is decided for the first time; what else is entered of it decides the same again.
inline bool AsksFirst(absl::string_view step) { return step == "referral" || step == "request" || step == "emergency"; }

}  // namespace derwent::trust
