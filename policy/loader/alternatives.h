#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "derwent/v1/alternative.pb.h"
#include "derwent/v1/decision.pb.h"
#include "policy/engine/model.h"
#include "policy/engine/nearest.h"

namespace derwent::policy {

// `outcome` in words, from the verb on: `is released only in form flag_only once spoc agrees`.
std::string InWords(const CategoryOutcome& outcome);

// An alternative as advice, in one sentence.
std::string Sentence(const Alternative& alternative);

v1::Alternative ToProto(const Alternative& alternative);

// The nearest alternatives to a question, as far as an asker may be told: decided without any fact about the subject.
std::vector<std::string> NextSteps(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now);

// What an asker may be told of a question, with the nearest alternatives among the next steps: decided without any fact
// about the subject, so that it is the same whoever the subject is.
// Slow (policy/engine/nearest.h): ForAsker of the decision without facts, and NextSteps after its own.
v1::DecisionForAsker TellAsker(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now);

}  // namespace derwent::policy
