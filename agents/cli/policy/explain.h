#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "policy/engine/decision.h"
#include "policy/engine/request.h"
#include "policy/loader/alternatives.h"
#include "policy/loader/retention.h"

namespace derwent::cli {

// A decision with all that it was made of.
struct Filed {
  const policy::DecisionRequest& request;
  absl::Time time;
  const policy::Decision& decision;
  const std::vector<policy::Alternative>& nearest;  // To what is refused.
  policy::Retention retention;
  std::string digest;  // Of the policy.
};

// In sentences, as a record of decision that a data protection officer can file. It names nobody, and no fact about the
// subject but the role, who consented, and what the deciding rules say.
std::string Explain(const Filed& filed);

// What an asker may be told, in sentences.
std::string ExplainToAsker(const v1::DecisionForAsker& told);

}  // namespace derwent::cli
