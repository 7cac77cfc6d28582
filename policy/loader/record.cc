#include "policy/loader/record.h"

#include <set>

namespace derwent::policy {
namespace {

void Write(const CategoryOutcome& outcome, v1::CategoryDecision& message) {
  message.set_category(outcome.category);
  message.set_outcome(std::string(outcome.Shown()));
  if (!outcome.denied) message.set_form(std::string(FormName(outcome.form)));
  for (const std::string& approver : outcome.approvers) message.add_approvers(approver);
  for (const std::string& open : outcome.open) message.add_open(open);
  for (const Reason& reason : outcome.reasons) {
    const ReasonEntry& entry = Describe(reason.code);
    v1::Reason& next = *message.add_reasons();
    next.set_code(std::string(entry.name));
    next.set_rule(reason.rule);
    next.set_visible_to(entry.rests_on_subject ? "PARTIES" : "ASKER");
  }
}

}  // namespace

absl::string_view RouteName(Route route) {
  switch (route) {
    case Route::kOrdinary:
      return "ORDINARY";
    case Route::kBreakGlass:
      return "BREAK_GLASS";
    case Route::kStatutoryRequest:
      return "STATUTORY_REQUEST";
    case Route::kStatistics:
      return "STATISTICS";
    case Route::kRightsEvent:
      return "RIGHTS_EVENT";
    case Route::kAudit:
      return "AUDIT";
  }
  return "";
}

void Write(const Decision& decision, absl::string_view digest, v1::DecisionRecord& record) {
  record.set_overall(std::string(decision.Overall()));
  for (const CategoryOutcome& outcome : decision.categories) Write(outcome, *record.add_categories());
  for (const std::string& gateway : decision.gateways) record.add_gateways(gateway);
  record.mutable_bases()->insert(decision.bases.begin(), decision.bases.end());
  record.mutable_conditions()->insert(decision.conditions.begin(), decision.conditions.end());
  record.mutable_regimes()->insert(decision.regimes.begin(), decision.regimes.end());
  record.mutable_confidence()->insert(decision.confidence.begin(), decision.confidence.end());
  for (const std::string& obligation : decision.obligations) record.add_obligations(obligation);
  record.set_marking(decision.marking);
  record.set_existence_sensitive(decision.existence_sensitive);
  record.mutable_clock_hours()->insert(decision.clock_hours.begin(), decision.clock_hours.end());
  record.set_route(std::string(RouteName(decision.route)));
  record.set_agreement(decision.agreement);
  record.set_digest(std::string(digest));
  record.set_escalation_role(decision.escalation_role);
  for (const std::string& kind : decision.payload_refused) record.add_payload_refused(kind);
}

v1::DecisionRecord ToProto(const Decision& decision, absl::string_view digest) {
  v1::DecisionRecord record;
  Write(decision, digest, record);
  return record;
}

v1::DecisionForAsker ForAsker(const Decision& decision) {
  v1::DecisionForAsker told;
  Decision visible = decision;
  std::set<std::string> steps;
  if (decision.existence_sensitive)
    std::erase_if(visible.categories, [](const CategoryOutcome& outcome) {
      // An outcome that any subject-side rule had a part in, or that is still open, is not told at all.
      for (const Reason& reason : outcome.reasons) {
        if (Describe(reason.code).rests_on_subject) return true;
      }
      return !outcome.denied;
    });
  for (const CategoryOutcome& outcome : visible.categories) {
    Write(outcome, *told.add_categories());
    for (const Reason& reason : outcome.reasons) {
      const ReasonEntry& entry = Describe(reason.code);
      if (!entry.rests_on_subject && !entry.next.empty()) steps.insert(std::string(entry.next));
    }
  }
  told.set_overall(std::string(visible.Overall()));
  for (const std::string& step : steps) told.add_next_steps(step);
  return told;
}

}  // namespace derwent::policy
