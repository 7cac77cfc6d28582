#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "policy/engine/request.h"

namespace derwent::policy {

// The canonical octets of a question and the instant it was decided at (policy/FORMAT.md); hashed into the ledger.
std::string CanonicalBytes(const DecisionRequest& request, absl::Time now);

struct CanonicalQuestion {
  DecisionRequest request;  // Lists marked sorted come sorted.
  absl::Time time;          // Whole milliseconds.
};
// Reads what CanonicalBytes wrote, and nothing else. Error: kInvalidArgument.
absl::StatusOr<CanonicalQuestion> ParseCanonical(absl::string_view octets);

}  // namespace derwent::policy
