#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "tests/bench/rule_table.h"

namespace derwent::bench {

// A question with what must come of it.
struct Expected {
  Question question;
  Effect effect = Effect::kForbid;
  std::vector<std::string> rules;  // Ids, sorted.
};

struct RuleFile {
  std::vector<Rule> rules;
  std::vector<Expected> requests;
};

// Reads a rule and request file (tests/bench/README.md). Errors: kNotFound; kInvalidArgument, naming what is wrong
// where.
absl::StatusOr<RuleFile> ReadRuleFile(const std::string& path);

// Decides every request of the file and compares outcome and rule ids; then measures. Prints what came out.
// Returns the exit code: 0 when all came out as expected and nothing was allocated, 1 when not, 2 for a file that
// cannot be read.
int MeasureRules(const std::string& path);

}  // namespace derwent::bench
