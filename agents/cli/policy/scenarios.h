#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/engine/model.h"

namespace derwent::cli {

// What one worked decision gave.
struct ScenarioResult {
  std::string id;
  std::vector<std::string> differences;  // Empty: as expected.
};

// Runs the worked decisions of a YAML file in the domain page's format. `agreement` and `case_link` of a scenario stand in for
// real ones; whatever it does not name is in order. Each is decided twice, whole and as broker and holder apart, and the two
// must agree. Error: kInvalidArgument naming the scenario and field.
absl::StatusOr<std::vector<ScenarioResult>> RunScenarios(const std::string& yaml, const policy::Policy& policy);

}  // namespace derwent::cli
