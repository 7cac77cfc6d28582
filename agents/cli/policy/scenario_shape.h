#pragma once

#include <string>
#include <vector>

#include "policy/loader/problem.h"
#include "yaml-cpp/yaml.h"

namespace derwent::cli {

// Something that is not of the format.
struct Fault {
  int line = 0;      // From 1.
  std::string what;  // Names the field.
};

// Everything in a scenario that the domain page's format does not know: missing and unknown fields, values out of their
// closed lists, values of the wrong kind. Empty: well formed. What is not known would else be passed over and the
// decision compared with another question's answer.
std::vector<Fault> WrongInScenario(const YAML::Node& scenario);

// Every worked decision of a bundle that is not of the format, as an error of its file and line.
void CheckScenarios(const policy::Files& files, policy::Problems& problems);

}  // namespace derwent::cli
