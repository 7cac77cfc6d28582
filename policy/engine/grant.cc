#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/deciding.h"
#include "policy/engine/emergency.h"

namespace derwent::policy {
namespace {

bool Has(const std::vector<std::string>& list, absl::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void Scope(Deciding& d) {
  const Evaluation& e = d.e;
  const std::string& id = d.category.id;
  if (!e.scope_found || e.scope.case_scope || e.scope.categories.contains(id)) return;
  const std::string place = absl::StrCat("receivers/", e.request.receiving_role);
  const bool with_open_case = e.scope.necessary_with_open_case && e.profile->necessary.contains(id);
  if (!with_open_case) return d.Deny(ReasonCode::kCategoryNotPermitted, place);
  if (e.request.case_link == CaseLink::kNone) return d.Deny(ReasonCode::kCaseLinkRequired, place);
  d.Approve(e.scope.approver, place);
}

void ByProduct(Deciding& d) {
  const Evaluation& e = d.e;
  if (!e.by_product) return;
  const auto product = e.profile->products.find(e.request.product);
  const std::string place = absl::StrCat("products/", e.request.product);
  if (product == e.profile->products.end() || !product->second.allow.contains(d.category.id))
    d.Deny(ReasonCode::kProductRequired, place);
  if (product == e.profile->products.end()) return;
  if (!e.request.facts.has_value()) {
    d.outcome.open.insert("age");
    return;
  }
  const int age = e.request.facts->age.value_or(0);
  if (age <= 0) d.Deny(ReasonCode::kFactsUnknown, "products/age");
  if (age > 0 && (age < 18) != product->second.child) d.Deny(ReasonCode::kProductNotApt, place);
}

// What the condition rests on besides its ground, as the holder knows it (domain decision 33).
void OfAChild(Deciding& d, const Conditional& conditional) {
  if (!conditional.of_a_child) return;
  const std::optional<SubjectFacts>& facts = d.e.request.facts;
  if (!facts.has_value()) {
    d.outcome.open.insert("age");
    return;
  }
  const int age = facts->age.value_or(0);
  if (age > 0 && age < 18) return;
  const std::vector<ConsentStep>& steps = d.e.policy.consent_steps;
  const bool consented = std::any_of(steps.begin(), steps.end(), [&](const ConsentStep& step) {
    return step.id == conditional.or_consent && Consented(step, *facts);
  });
  if (!consented) d.Deny(age > 0 ? ReasonCode::kConditionNotMet : ReasonCode::kFactsUnknown, d.category.id);
}

void Matrix(Deciding& d) {
  const Evaluation& e = d.e;
  const std::string& id = d.category.id;
  const auto conditional = e.profile->conditional.find(id);
  if (e.profile->necessary.contains(id)) return d.Say(ReasonCode::kNecessary, id);
  if (conditional == e.profile->conditional.end()) return d.Deny(ReasonCode::kCategoryNotPermitted, id);
  const bool asserted = Has(e.request.grounds, absl::StrCat(e.profile->id, ".", id));
  if (asserted)
    d.Say(ReasonCode::kConditionMet, id);
  else
    d.Deny(ReasonCode::kGroundNotAsserted, id);
  OfAChild(d, conditional->second);
  if (conditional->second.has_form) d.Reduce(conditional->second.form, id);
  if (!conditional->second.approver.empty()) d.Approve(conditional->second.approver, id);
}

void BreakGlass(Deciding& d) {
  const std::optional<Form> form = EmergencyForm(d.category.id);
  if (!form.has_value()) return d.Deny(ReasonCode::kCategoryNotPermitted, "break_glass");
  if (*form == Form::kFull) return d.Say(ReasonCode::kNecessary, "break_glass");
  d.Reduce(*form, "break_glass");
}

void Audit(Deciding& d) {
  if (d.category.id == "aggregate") return d.Say(ReasonCode::kNecessary, "audit");
  if (d.category.id == "identity") return d.Reduce(Form::kPseudonymise, "audit");
  d.Deny(ReasonCode::kCategoryNotPermitted, "audit");
}

void Access(Deciding& d, const RightsEvent& event) {
  constexpr char kPlace[] = "rights_event/access";
  const std::string& id = d.category.id;
  const bool mixed = Has(event.mixed, id);
  if (!mixed && !Has(event.own, id)) return d.Deny(ReasonCode::kCategoryNotPermitted, kPlace);
  if (id == "narrative") {
    d.Reduce(Form::kSummarise, kPlace);
    return d.Approve("ig_officer", kPlace);
  }
  if (mixed) return d.Reduce(Form::kMask, kPlace);
  d.Say(ReasonCode::kNecessary, kPlace);
}

void RightsOf(Deciding& d) {
  const std::optional<RightsEvent>& event = d.e.request.event;
  if (!event.has_value()) return d.Deny(ReasonCode::kFactsUnknown, "rights_event");
  if (event->type == "access") return Access(d, *event);
  const bool known = event->type == "rectification" || event->type == "erasure" || event->type == "restriction";
  if (!known || event->fan_out_to != "all_recipients_in_ledger")
    return d.Deny(ReasonCode::kCategoryNotPermitted, "rights_event");
  d.Say(ReasonCode::kNecessary, absl::StrCat("rights_event/", event->type));
}

}  // namespace

void CapForReceiver(Deciding& d, const Organisation& receiver) {
  const Evaluation& e = d.e;
  auto ceiling = e.profile->ceilings.find(receiver.id);
  if (ceiling == e.profile->ceilings.end()) ceiling = e.profile->ceilings.find(receiver.type);
  if (ceiling == e.profile->ceilings.end()) return;
  const std::string& id = d.category.id;
  const std::string place = absl::StrCat("receiver_ceiling/", ceiling->first);
  if (ceiling->second.permit.contains(id)) return;
  if (const auto form = ceiling->second.redact.find(id); form != ceiling->second.redact.end())
    return d.Reduce(form->second, place);
  if (const auto role = ceiling->second.approve.find(id); role != ceiling->second.approve.end())
    return d.Approve(role->second, place);
  d.Deny(ReasonCode::kCeilingReached, place);
}

void Grant(Deciding& d) {
  switch (d.e.route) {
    case Route::kAudit:
      return Audit(d);
    case Route::kRightsEvent:
      return RightsOf(d);
    case Route::kBreakGlass:
      BreakGlass(d);
      break;
    case Route::kStatistics:
      if (d.category.id != "aggregate") d.Deny(ReasonCode::kDepersonalisedOnly, "statistics");
      [[fallthrough]];
    case Route::kOrdinary:
    case Route::kStatutoryRequest:
      Scope(d);
      ByProduct(d);
      Matrix(d);
  }
  CapForReceiver(d, *d.e.receiver);
}

}  // namespace derwent::policy
