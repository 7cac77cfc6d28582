#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// One change of a question: the field by its JSON name, and the value to set; to add, where the field is `grounds`.
struct Change {
  std::string field, value;
  friend bool operator==(const Change&, const Change&) = default;
};

// A question near the one asked under which a refused category is released, or an aggregate in its place.
struct Alternative {
  std::string category;  // As asked.
  std::vector<Change> changes;
  CategoryOutcome outcome;  // Of the changed question: never a denial.
};

// At most so many for one category.
inline constexpr size_t kMostAlternatives = 3;
// Questions that are decided in search of them, for one category and for all: what is not found by then is not told.
inline constexpr size_t kMostTries = 500;
inline constexpr size_t kMostTriesInAll = 2000;

// What is permitted nearest to each category that `request` is refused. In this order, the first that helps: what the
// question lacks (ground, case, note, document, product); another purpose that the asker's role has under the profile;
// an aggregate in its place; another role of the asker's agency. Each is decided by the engine with the whole question,
// so that it is right. Never another profile: who is refused by one process is not shown the way round by another's. An
// excluded purpose has no alternative, and nothing points to an emergency. Up to kMostTries decisions for a category.
std::vector<Alternative> Nearest(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now);

// The question with all changes made.
DecisionRequest With(DecisionRequest request, const std::vector<Change>& changes);

// The question without any fact about the subject: all that an asker may be told rests on it alone.
DecisionRequest WithoutFacts(DecisionRequest request);

}  // namespace derwent::policy
