#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/cli/policy/offline.h"

namespace derwent::cli {

// At most so many evaluations in one request.
inline constexpr int kMostEvaluations = 1000;

struct AccessEvaluations {
  int answered = 0;
  int permitted = 0;  // Of those, true ones.
  std::string json;   // The response: `evaluations` in the order asked; of a single request its own response.
};

// Answers an access evaluations request of the AuthZEN Authorization API 1.0 (section 7): `evaluations`, each with its
// own subject, action, resource and context or, where it names none, those of the request. With
// `options.evaluations_semantic`: `execute_all` (or none) answers all, `deny_on_first_deny` and
// `permit_on_first_permit` answer up to the first such and no further. Without evaluations it is one access evaluation
// (authzen.h), as each of them is.
//
// Errors: kInvalidArgument  it is no JSON object, or its evaluations or options are not as above: nothing is answered
//         kInternal         the answer cannot be printed
absl::StatusOr<AccessEvaluations> EvaluateAccesses(const std::string& json, const OfflinePolicy& offline,
                                                   absl::Time now);

}  // namespace derwent::cli
