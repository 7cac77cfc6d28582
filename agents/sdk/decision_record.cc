#include "agents/sdk/decision_record.h"

#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

#include "trust/entry/canonical.h"

namespace derwent::agents {
namespace {

const std::map<std::string, policy::ReasonCode>& ReasonCodes() {
  static const auto& codes = *[] {
    auto* table = new std::map<std::string, policy::ReasonCode>;
    for (int code = 0; code <= static_cast<int>(policy::ReasonCode::kFactsUnknown); ++code) {
      const auto typed = static_cast<policy::ReasonCode>(code);
      table->emplace(std::string(policy::Describe(typed).name), typed);
    }
    return table;
  }();
  return codes;
}

policy::CategoryOutcome OutcomeFrom(const v1::CategoryDecision& message, const policy::Policy& policy) {
  policy::CategoryOutcome outcome{.category = message.category()};
  const policy::Category* category = policy.FindCategory(message.category());
  const std::optional<policy::Form> form = policy::ParseForm(message.form());
  const bool allowed = message.outcome() == "PERMIT" || message.outcome() == "REDACT" || message.outcome() == "APPROVE";
  outcome.denied = !allowed || category == nullptr || !form.has_value();
  if (!outcome.denied) {
    outcome.form = *form;
    outcome.form_is_full = category->CountsAsFull(*form);
  }
  outcome.approvers = {message.approvers().begin(), message.approvers().end()};
  if (message.outcome() == "APPROVE" && outcome.approvers.empty()) outcome.denied = true;
  outcome.open = {message.open().begin(), message.open().end()};
  for (const v1::Reason& reason : message.reasons()) {
    const auto code = ReasonCodes().find(reason.code());
    if (code != ReasonCodes().end()) outcome.reasons.push_back({.code = code->second, .rule = reason.rule()});
  }
  return outcome;
}

}  // namespace

std::string CanonicalDecision(const policy::Decision& decision) {
  trust::CanonicalWriter record("derwent/holder-decision/v1");
  std::vector<std::string> rows;
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    trust::CanonicalWriter row("derwent/holder-category/v1");
    row.Text(1, outcome.category);
    row.Text(2, outcome.Shown());
    row.Text(3, outcome.denied ? absl::string_view() : policy::FormName(outcome.form));
    row.List(4, {outcome.approvers.begin(), outcome.approvers.end()});
    std::vector<std::string> reasons;
    for (const policy::Reason& reason : outcome.reasons)
      reasons.push_back(absl::StrCat(policy::Describe(reason.code).name, " ", reason.rule));
    row.List(5, reasons);
    rows.push_back(row.octets());
  }
  record.List(1, rows);
  record.List(2, {decision.obligations.begin(), decision.obligations.end()});
  record.Text(3, decision.marking);
  return record.octets();
}

policy::Decision FromPlan(const v1::DecisionRecord& record, const policy::Policy& policy) {
  policy::Decision decision;
  for (const v1::CategoryDecision& category : record.categories())
    decision.categories.push_back(OutcomeFrom(category, policy));
  decision.gateways = {record.gateways().begin(), record.gateways().end()};
  decision.confidence = {record.confidence().begin(), record.confidence().end()};
  decision.obligations = {record.obligations().begin(), record.obligations().end()};
  decision.marking = record.marking();
  decision.existence_sensitive = record.existence_sensitive();
  decision.clock_hours = {record.clock_hours().begin(), record.clock_hours().end()};
  decision.escalation_role = record.escalation_role();
  decision.agreement = record.agreement();
  return decision;
}

}  // namespace derwent::agents
