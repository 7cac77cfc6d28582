#include "policy/loader/request_names.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

// A ground is `<profile>.<category>`; one that the profile does not ask for is asserted in vain, and no mistake.
void CheckGrounds(absl::string_view file, const DecisionRequest& question, const Policy& policy, Problems& problems) {
  std::vector<std::string> known;
  for (const auto& [profile, text] : policy.profiles) {
    for (const auto& [category, meaning] : policy.categories) known.push_back(absl::StrCat(profile, ".", category));
  }
  for (const std::string& ground : question.grounds) {
    if (std::find(known.begin(), known.end(), ground) != known.end()) continue;
    const std::string closest = Closest(ground, known);
    problems.Error(file, ground, "unknown-name", absl::StrCat("no ground is called `", ground, "`"),
                   closest.empty() ? "write `<profile>.<category>`" : absl::StrCat("did you mean `", closest, "`?"));
  }
}

void CheckSubject(const DecisionRequest& question, const Words& words) {
  if (!question.subject_role.empty()) words.SubjectRole(question.subject_role);
  if (question.facts.has_value() && question.facts->flags.has_value()) {
    for (const std::string& flag : *question.facts->flags) words.Flag(flag);
  }
  if (!question.exception_flag.empty()) words.Flag(question.exception_flag);
}

}  // namespace

void CheckNames(absl::string_view file, const DecisionRequest& question, const Policy& policy, Problems& problems) {
  const Words words(file, policy, problems);
  words.Organisation(question.releasing_agency);
  words.Organisation(question.receiving_agency);
  words.Role(question.receiving_role);
  words.Profile(question.profile);
  words.Purpose(question.purpose);
  if (!question.area.empty()) words.Area(question.area);
  if (!question.board.empty()) words.Profile(question.board);
  for (const std::string& category : question.categories) words.Category(category);
  if (question.onward.has_value()) words.Organisation(question.onward->organisation);
  CheckSubject(question, words);
  CheckGrounds(file, question, policy, problems);
}

}  // namespace derwent::policy
