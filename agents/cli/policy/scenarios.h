#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"

namespace derwent::cli {

// What one worked decision gave.
struct ScenarioResult {
  std::string id;
  bool malformed = false;                // Not decided: the differences name the fields that are wrong.
  std::vector<std::string> differences;  // Empty: as expected.
  policy::DecisionRequest request;       // What was decided whole, and how.
  policy::Decision decision;
};

// Runs the worked decisions of a YAML file in the domain page's format, and two things more: `area`, a GSS code in
// place of the county, and `agreement: bundle`, which decides under the bundle's own agreements, taken as signed, with
// their overlays. Else `agreement`, and always `case_link`, stand in for real ones; whatever a scenario does not name
// is in order. Each is decided twice, whole and as broker and holder apart, and the two must agree. A malformed
// scenario is reported and the others still run. Error: kInvalidArgument when the file is no list of scenarios.
absl::StatusOr<std::vector<ScenarioResult>> RunScenarios(const std::string& yaml, const policy::Policy& policy);

}  // namespace derwent::cli
