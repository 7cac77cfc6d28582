#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

#include "policy/engine/model.h"
#include "policy/loader/problem.h"

namespace derwent::cli {

// The area a question is for that names none: the county with the city.
inline constexpr char kCounty[] = "E23000018";

// A bundle's text compiled for an offline tool: no signature is needed, agreements are taken as signed.
struct OfflinePolicy {
  policy::Files files;
  std::unique_ptr<policy::Policy> policy;  // Null when the text has errors.
  std::vector<policy::Problem> problems;

  policy::Snapshot snapshot() const {
    return {.policy = policy.get(), .directories = nullptr, .take_agreements_as_signed = true};
  }
};

// Error: kNotFound when the directory cannot be read.
absl::StatusOr<OfflinePolicy> ReadPolicy(const std::string& directory);

// The same with what is wrong in assertions and worked decisions, which no decision rests on, and with warnings of what
// ends soon after `day`, in the bundle and in `directories`, text files of agencies' registers. Errors: kNotFound,
// kInvalidArgument: a file cannot be read.
absl::StatusOr<OfflinePolicy> ReadPolicyOn(const std::string& directory, absl::CivilDay day,
                                           const std::vector<std::string>& directories);

}  // namespace derwent::cli
