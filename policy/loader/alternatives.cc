#include "policy/loader/alternatives.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/engine/decide.h"
#include "policy/loader/record.h"

namespace derwent::policy {
namespace {

// One change as a condition of the sentence.
std::string Phrase(const Change& change) {
  const auto& [field, value] = change;
  if (field == "grounds") return absl::StrCat("with the ground `", value, "` asserted, if it is true");
  if (field == "caseLink") return "with the open case or referral named";
  if (field == "justification") return "with a note on why it is necessary and proportionate";
  if (field == "documentReference") return "with the written request named";
  if (field == "product") return absl::StrCat("as product `", value, "`");
  if (field == "purpose") return absl::StrCat("for purpose `", value, "`, if that is what it is for");
  if (field == "receivingRole") return absl::StrCat("asked by a `", value, "` of the same agency");
  if (field == "onward") return "without passing it on";
  if (field == "route") return "in the ordinary way";
  return "";
}

}  // namespace

std::string InWords(const CategoryOutcome& outcome) {
  if (outcome.denied) return "is not released";
  std::string words =
      outcome.form_is_full ? "is released" : absl::StrCat("is released only in form ", FormName(outcome.form));
  if (!outcome.approvers.empty())
    absl::StrAppend(&words, " once ", absl::StrJoin(outcome.approvers, " and "), " agrees");
  return words;
}

std::string Sentence(const Alternative& alternative) {
  std::vector<std::string> conditions;
  for (const Change& change : alternative.changes) {
    if (std::string phrase = Phrase(change); !phrase.empty()) conditions.push_back(std::move(phrase));
  }
  const bool instead = alternative.outcome.category != alternative.category;
  return absl::StrCat(instead ? absl::StrCat("in place of ", alternative.category, ", ") : "",
                      alternative.outcome.category, " ", InWords(alternative.outcome), " ",
                      absl::StrJoin(conditions, ", "),
                      alternative.outcome.open.empty() ? "" : "; the holder decides what its own facts say");
}

v1::Alternative ToProto(const Alternative& alternative) {
  v1::Alternative message;
  message.set_category(alternative.category);
  for (const Change& change : alternative.changes) {
    v1::AlternativeChange& next = *message.add_changes();
    next.set_field(change.field);
    next.set_value(change.value);
  }
  const CategoryOutcome& outcome = alternative.outcome;
  message.set_outcome(std::string(outcome.Shown()));
  message.set_form(std::string(FormName(outcome.form)));
  for (const std::string& approver : outcome.approvers) message.add_approvers(approver);
  for (const std::string& open : outcome.open) message.add_open(open);
  message.set_sentence(Sentence(alternative));
  return message;
}

std::vector<std::string> NextSteps(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) {
  std::vector<std::string> steps;
  for (const Alternative& next : Nearest(WithoutFacts(request), snapshot, now)) steps.push_back(Sentence(next));
  return steps;
}

v1::DecisionForAsker TellAsker(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) {
  v1::DecisionForAsker told = ForAsker(Decide(WithoutFacts(request), snapshot, now));
  for (std::string& next : NextSteps(request, snapshot, now)) told.add_next_steps(std::move(next));
  return told;
}

}  // namespace derwent::policy
