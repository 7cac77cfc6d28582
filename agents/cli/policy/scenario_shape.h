#pragma once

#include <string>
#include <vector>

#include "yaml-cpp/yaml.h"

namespace derwent::cli {

// Everything in a scenario that the domain page's format does not know: missing and unknown fields, values out of their
// closed lists, values of the wrong kind. Each names its field; empty: well formed. What is not known would else be
// passed over and the decision compared with another question's answer.
std::vector<std::string> WrongInScenario(const YAML::Node& scenario);

}  // namespace derwent::cli
