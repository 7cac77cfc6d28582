#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace derwent {

// Policy dates are Europe/London, first and last day inclusive (domain decision 11).

// The civil day in London at `time`.
absl::CivilDay LondonDay(absl::Time time);
// First instant of `day` in London.
absl::Time LondonStartOf(absl::CivilDay day);
// Parses `YYYY-MM-DD`, a day that exists. Error: kInvalidArgument.
absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text);
// `YYYY-MM-DD`.
std::string FormatDay(absl::CivilDay day);

}  // namespace derwent
