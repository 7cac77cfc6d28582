#pragma once

#include <set>
#include <string>
#include <vector>

#include "policy/loader/problem.h"
#include "policy/space/weight.h"

namespace derwent::policy {

// A difference in the text of two policies that no release shows: how what is released is handled, and what is said.
struct HandlingDifference {
  std::string of;    // A profile's id; else the file's name without its ending, for instance `vocabulary`.
  std::string what;  // In words.
  Weight weight = Weight::kChanged;
  bool decided = false;          // Decisions rest on it.
  std::set<std::string> givers;  // Who gives under it, by an agreement of the new policy that is not over.

  bool loosens() const { return weight == Weight::kLooser; }
};

// Every field of every message of both texts that differs, in the order of files and fields; comments, order that says
// nothing, signatures and notices are no difference. `givers` is left empty.
std::vector<HandlingDifference> CompareText(const Files& was, const Files& now);

}  // namespace derwent::policy
