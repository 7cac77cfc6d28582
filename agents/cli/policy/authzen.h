#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/cli/policy/offline.h"

namespace derwent::cli {

struct AccessEvaluation {
  bool decision = false;
  std::string json;  // The response: `decision`, and `context` with reasons and, where one was made, the whole record.
};

// Answers one access evaluation request of the OpenID AuthZEN Authorization API 1.0 (section 6), for one category:
//
//   subject   type `agency`, id; properties `role`, `board`: who would receive
//   action    name `request` or `push`; properties `purpose`, `profile`, `route`, `step`, `product`,
//             `documentReference`, and `form`, the form wanted (`full` where it names none)
//   resource  type `category`, id; properties `holder`, `subject`, `consents`, `event`, `table`, `payload`: what is
//   held context   `area`, `time`, `caseLink`, `justification`, `grounds`, `exception`, `onward`
//
// Properties that are not named otherwise are fields of DecisionRequest. True only when the category would be released
// now, in that form or a fuller one, with nobody to ask and nothing left open. Whatever the request has too much, too
// little or wrong makes it false, and is said. `now` counts where the request names no time. `offline` holds a policy.
//
// Errors: kInvalidArgument  it is no JSON object
//         kInternal         the answer cannot be printed
absl::StatusOr<AccessEvaluation> EvaluateAccess(const std::string& json, const OfflinePolicy& offline, absl::Time now);

}  // namespace derwent::cli
