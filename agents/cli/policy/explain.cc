#include "agents/cli/policy/explain.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/engine/reason.h"
#include "policy/loader/record.h"

namespace derwent::cli {
namespace {

std::string Listed(const auto& names) { return names.empty() ? "none" : absl::StrJoin(names, ", "); }

// Of a denial only what denies.
void Category(const policy::CategoryOutcome& outcome, std::string& text) {
  absl::StrAppend(&text, "- ", outcome.category, " ", policy::InWords(outcome), ".\n");
  for (const policy::Reason& reason : outcome.reasons) {
    if (outcome.denied && !policy::StandsAgainst(reason.code)) continue;
    absl::StrAppend(&text, "    because ", policy::Describe(reason.code).sentence, " (",
                    policy::Describe(reason.code).name, ", ", reason.rule, ")\n");
  }
  if (!outcome.denied && !outcome.open.empty())
    absl::StrAppend(&text, "    still to be closed by the holder: ", absl::StrJoin(outcome.open, ", "), "\n");
}

std::string CaseIn(const policy::DecisionRequest& request) {
  if (request.case_link == policy::CaseLink::kNone) return "none named";
  return request.case_link == policy::CaseLink::kVerified ? "named and verified" : "named";
}

// What was asked, and what was said for it.
void Question(const Filed& filed, std::string& text) {
  const policy::DecisionRequest& q = filed.request;
  absl::StrAppend(&text, "Decision: ", filed.decision.Overall(), " (route ", policy::RouteName(filed.decision.route),
                  ")\nTime: ", absl::FormatTime("%Y-%m-%d %H:%M UTC", filed.time, absl::UTCTimeZone()), "\n",
                  q.releasing_agency, " to ", q.receiving_agency, ", role ", q.receiving_role, ", for ", q.purpose,
                  " under profile ", q.profile, q.direction == policy::Direction::kPush ? ", sent unasked" : "",
                  ", about one person in the role ", q.subject_role, ".\nArea: ", q.area);
  if (!q.board.empty()) absl::StrAppend(&text, "\nBoard: ", q.board);
  absl::StrAppend(&text, "\nCase: ", CaseIn(q),
                  "\nNote on necessity and proportionality: ", q.justification ? "given, sealed" : "not given",
                  "\nGrounds asserted: ", Listed(q.grounds));
  if (!q.document_reference.empty()) absl::StrAppend(&text, "\nWritten request: ", q.document_reference);
  if (!q.step.empty()) absl::StrAppend(&text, "\nStep: ", q.step);
  if (!q.product.empty()) absl::StrAppend(&text, "\nProduct: ", q.product);
  if (!q.exception_flag.empty())
    absl::StrAppend(&text, "\nException claimed: ", q.exception_flag, ", ", q.exception_ground);
  std::vector<std::string> consents;
  if (q.facts.has_value()) {
    for (const policy::Consent& consent : q.facts->consents)
      consents.push_back(absl::StrCat(consent.giver, " to ", consent.step, consent.given ? " given" : " refused"));
  }
  absl::StrAppend(&text, "\nConsents: ", q.facts.has_value() ? Listed(consents) : "the holder's to say", "\n\n");
}

// What each side rests on in law.
void Footing(const policy::Decision& decision, std::string& text) {
  absl::StrAppend(&text, "\nAgreement: ", decision.agreement.empty() ? "none in force" : decision.agreement,
                  "\nLegal gateways: ", Listed(decision.gateways), "\n");
  for (const auto& [side, basis] : decision.bases) {
    const auto regime = decision.regimes.find(side);
    const auto condition = decision.conditions.find(side);
    absl::StrAppend(&text, side, ": ", regime == decision.regimes.end() ? "" : regime->second, ", basis ", basis,
                    condition == decision.conditions.end() || condition->second.empty()
                        ? ""
                        : absl::StrCat(", condition ", condition->second),
                    "\n");
  }
  if (const auto transition = decision.regimes.find("transition"); transition != decision.regimes.end())
    absl::StrAppend(&text, "Transition between regimes: ", transition->second, "\n");
  for (const auto& [category, ground] : decision.confidence)
    absl::StrAppend(&text, "Confidence in ", category, " is lifted by: ", ground, "\n");
}

// How what is released is handled.
void Handling(const Filed& filed, std::string& text) {
  const policy::Decision& decision = filed.decision;
  std::vector<std::string> clocks;
  for (const auto& [clock, hours] : decision.clock_hours) clocks.push_back(absl::StrCat(clock, " ", hours, " hours"));
  absl::StrAppend(&text, "Obligations: ", Listed(decision.obligations), "\nMarking: ", decision.marking,
                  "\nClocks: ", Listed(clocks));
  if (!decision.escalation_role.empty()) absl::StrAppend(&text, "\nOverdue: told to the ", decision.escalation_role);
  absl::StrAppend(&text, "\nRetention: ", filed.retention.words.empty() ? "not said" : filed.retention.words,
                  "; entries in the ledger ", filed.retention.ledger_months, " months\nExistence: ",
                  decision.existence_sensitive ? "an answer must not tell whether the person is known"
                                               : "an answer may tell whether the person is known",
                  "\n");
  if (!decision.payload_refused.empty())
    absl::StrAppend(&text, "Payload refused: ", Listed(decision.payload_refused), "\n");
}

// What whoever was refused may do.
void NextSteps(const policy::Decision& decision, std::string& text) {
  std::set<std::string> steps;
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    for (const policy::Reason& reason : outcome.reasons) {
      const policy::ReasonEntry& entry = policy::Describe(reason.code);
      if (outcome.denied && policy::StandsAgainst(reason.code) && !entry.rests_on_subject && !entry.next.empty())
        steps.insert(std::string(entry.next));
    }
  }
  for (const std::string& step : steps) absl::StrAppend(&text, "Next: ", step, "\n");
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

std::string Explain(const Filed& filed) {
  std::string text;
  Question(filed, text);
  for (const policy::CategoryOutcome& outcome : filed.decision.categories) Category(outcome, text);
  Footing(filed.decision, text);
  Handling(filed, text);
  NextSteps(filed.decision, text);
  NearestOf(filed.decision, filed.nearest, text);
  absl::StrAppend(&text, "Policy: ", filed.digest, "\n");
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
