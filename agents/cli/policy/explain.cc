#include "agents/cli/policy/explain.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/loader/record.h"

namespace derwent::cli {
namespace {

void Category(const policy::CategoryOutcome& outcome, std::string& text) {
  absl::StrAppend(&text, "- ", outcome.category, " ", policy::InWords(outcome), ".\n");
  for (const policy::Reason& reason : outcome.reasons) {
    absl::StrAppend(&text, "    because ", policy::Describe(reason.code).sentence, " (",
                    policy::Describe(reason.code).name, ", ", reason.rule, ")\n");
  }
  if (!outcome.open.empty())
    absl::StrAppend(&text, "    still to be closed by the holder: ", absl::StrJoin(outcome.open, ", "), "\n");
}

// For each refused category what is permitted nearest to it, or that nothing is.
void NearestOf(const policy::Decision& decision, const std::vector<policy::Alternative>& nearest, std::string& text) {
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    if (!outcome.denied) continue;
    bool any = false;
    for (const policy::Alternative& next : nearest) {
      if (next.category != outcome.category) continue;
      any = true;
      absl::StrAppend(&text, "Nearest permitted: ", policy::Sentence(next), ".\n");
    }
    if (!any)
      absl::StrAppend(&text, "Nearest permitted: nothing in place of ", outcome.category,
                      ", for any purpose, profile or role between these two.\n");
  }
}

}  // namespace

std::string Explain(const policy::DecisionRequest& request, const policy::Decision& decision,
                    const std::vector<policy::Alternative>& nearest, absl::string_view digest) {
  std::string text = absl::StrCat("Decision: ", decision.Overall(), " (route ", policy::RouteName(decision.route),
                                  ")\n", request.releasing_agency, " to ", request.receiving_agency, ", role ",
                                  request.receiving_role, ", for ", request.purpose, " under profile ", request.profile,
                                  ", about one person in the role ", request.subject_role, ".\n\n");
  for (const policy::CategoryOutcome& outcome : decision.categories) Category(outcome, text);
  absl::StrAppend(&text, "\nAgreement: ", decision.agreement.empty() ? "none in force" : decision.agreement,
                  "\nLegal gateways: ", decision.gateways.empty() ? "none" : absl::StrJoin(decision.gateways, ", "),
                  "\n");
  for (const auto& [side, basis] : decision.bases) {
    const auto regime = decision.regimes.find(side);
    const auto condition = decision.conditions.find(side);
    absl::StrAppend(&text, side, ": ", regime == decision.regimes.end() ? "" : regime->second, ", basis ", basis,
                    condition == decision.conditions.end() || condition->second.empty()
                        ? ""
                        : absl::StrCat(", condition ", condition->second),
                    "\n");
  }
  if (const auto transition = decision.regimes.find("transition"); transition != decision.regimes.end()) {
    absl::StrAppend(&text, "Transition between regimes: ", transition->second, "\n");
  }
  for (const auto& [category, ground] : decision.confidence)
    absl::StrAppend(&text, "Confidence in ", category, " is lifted by: ", ground, "\n");
  absl::StrAppend(&text,
                  "Obligations: ", decision.obligations.empty() ? "none" : absl::StrJoin(decision.obligations, ", "),
                  "\nMarking: ", decision.marking, "\n");
  std::set<std::string> steps;
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    for (const policy::Reason& reason : outcome.reasons) {
      const policy::ReasonEntry& entry = policy::Describe(reason.code);
      if (outcome.denied && !entry.rests_on_subject && !entry.next.empty()) steps.insert(std::string(entry.next));
    }
  }
  for (const std::string& step : steps) absl::StrAppend(&text, "Next: ", step, "\n");
  NearestOf(decision, nearest, text);
  absl::StrAppend(&text, "Policy: ", digest, "\n");
  return text;
}

std::string ExplainToAsker(const v1::DecisionForAsker& told) {
  std::string text;
  for (const v1::CategoryDecision& outcome : told.categories()) {
    if (outcome.outcome() != "DENY") continue;
    absl::StrAppend(&text, "- ", outcome.category(), " is not released.\n");
    for (const v1::Reason& reason : outcome.reasons())
      absl::StrAppend(&text, "    because of ", reason.code(), " (", reason.rule(), ")\n");
  }
  for (const std::string& step : told.next_steps()) absl::StrAppend(&text, "Next: ", step, "\n");
  return text.empty() ? "Nothing about you or your question stands against it; the holder decides.\n" : text;
}

}  // namespace derwent::cli
