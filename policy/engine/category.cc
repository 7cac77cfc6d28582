#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/engine/evaluation.h"
#include "policy/engine/lattice.h"

namespace derwent::policy {
namespace {

bool Has(const std::vector<std::string>& list, absl::string_view item) { return std::find(list.begin(), list.end(), item) != list.end(); }

// One category under decision.
struct Deciding {
  const Evaluation& e;
  const Category& category;
  CategoryOutcome outcome;

  void Deny(ReasonCode code, absl::string_view place) {
    outcome.denied = true;
    outcome.reasons.push_back({.code = code, .rule = e.Rule(place)});
  }
  void Say(ReasonCode code, absl::string_view place) { outcome.reasons.push_back({.code = code, .rule = e.Rule(place)}); }
  void Approve(const std::string& role, absl::string_view place) {
    outcome.approvers.insert(role);
    Say(ReasonCode::kApprovalRequired, place);
  }
  void Reduce(Form form, absl::string_view place) { MeetForm(outcome, form, category, {.code = ReasonCode::kReducedForm, .rule = e.Rule(place)}); }
};

void Scope(Deciding& d) {
  const Evaluation& e = d.e;
  const std::string& id = d.category.id;
  if (!e.scope_found || e.scope.case_scope || e.scope.categories.contains(id)) return;
  const std::string place = absl::StrCat("receivers/", e.request.receiving_role);
  const bool open_case = e.scope.necessary_with_open_case && e.request.case_link != CaseLink::kNone;
  if (!open_case || !e.profile->necessary.contains(id)) {
    d.Deny(ReasonCode::kCategoryNotPermitted, place);
  } else {
    d.Approve(e.scope.approver, place);
  }
}

void ByProduct(Deciding& d) {
  const Evaluation& e = d.e;
  if (!e.by_product) return;
  const auto product = e.profile->products.find(e.request.product);
  if (product == e.profile->products.end() || !product->second.allow.contains(d.category.id)) {
    d.Deny(ReasonCode::kProductRequired, absl::StrCat("products/", e.request.product));
  }
  if (product == e.profile->products.end()) return;
  if (!e.request.facts.has_value()) {
    d.outcome.open.insert("age");
    return;
  }
  const int age = e.request.facts->age;
  if (age <= 0) d.Deny(ReasonCode::kFactsUnknown, "products/age");
  if (age > 0 && (age < 18) != product->second.child) d.Deny(ReasonCode::kProductNotApt, absl::StrCat("products/", e.request.product));
}

void Matrix(Deciding& d) {
  const Evaluation& e = d.e;
  const std::string& id = d.category.id;
  const bool necessary = e.profile->necessary.contains(id);
  const auto conditional = e.profile->conditional.find(id);
  if (necessary) {
    d.Say(ReasonCode::kNecessary, id);
  } else if (conditional == e.profile->conditional.end()) {
    d.Deny(ReasonCode::kCategoryNotPermitted, id);
  } else {
    const bool asserted = Has(e.request.grounds, absl::StrCat(e.profile->id, ".", id));
    if (asserted) d.Say(ReasonCode::kConditionMet, id); else d.Deny(ReasonCode::kGroundNotAsserted, id);
    if (conditional->second.has_form) d.Reduce(conditional->second.form, id);
    if (!conditional->second.approver.empty()) d.Approve(conditional->second.approver, id);
  }
}

void Ceilings(Deciding& d, const Organisation& receiver) {
  const Evaluation& e = d.e;
  auto ceiling = e.profile->ceilings.find(receiver.id);
  if (ceiling == e.profile->ceilings.end()) ceiling = e.profile->ceilings.find(receiver.type);
  if (ceiling == e.profile->ceilings.end()) return;
  const std::string& id = d.category.id;
  const std::string place = absl::StrCat("receiver_ceiling/", ceiling->first);
  if (ceiling->second.permit.contains(id)) return;
  if (const auto form = ceiling->second.redact.find(id); form != ceiling->second.redact.end()) return d.Reduce(form->second, place);
  if (const auto role = ceiling->second.approve.find(id); role != ceiling->second.approve.end()) return d.Approve(role->second, place);
  d.Deny(ReasonCode::kCeilingReached, place);
}

void Overlays(Deciding& d) {
  if (d.e.agreement == nullptr) return;
  for (const auto& [category, form] : d.e.agreement->overlays) {
    if (category != d.category.id) continue;
    const std::string place = absl::StrCat("overlays/", category);
    if (form.has_value()) d.Reduce(*form, place); else d.Deny(ReasonCode::kCategoryNotPermitted, place);
  }
}

// Domain decision 28: harm 5 in full asks somebody; a narrative never leaves raw without a human.
void LastResorts(Deciding& d) {
  const bool full = d.outcome.form == Form::kFull;
  if (d.e.matrix_route() && d.outcome.approvers.empty() && !d.outcome.denied) {
    const bool harmful = d.category.harm >= 5 && full && !d.e.profile->necessary.contains(d.category.id);
    if (harmful || d.category.id == "location.protected") d.Approve("spoc", "harm_5");
  }
  if (d.category.id == "narrative" && full && d.outcome.approvers.empty()) d.Reduce(Form::kSummarise, "narrative");
}

void BreakGlass(Deciding& d) {
  const std::string& id = d.category.id;
  if (absl::StartsWith(id, "health.")) return d.Reduce(Form::kFlagOnly, "break_glass");
  for (const absl::string_view full : {"identity", "contact", "location.current", "vulnerability.flag"}) {
    if (id == full) return d.Say(ReasonCode::kNecessary, "break_glass");
  }
  d.Deny(ReasonCode::kCategoryNotPermitted, "break_glass");
}

void Audit(Deciding& d) {
  if (d.category.id == "aggregate") return d.Say(ReasonCode::kNecessary, "audit");
  if (d.category.id == "identity") return d.Reduce(Form::kPseudonymise, "audit");
  d.Deny(ReasonCode::kCategoryNotPermitted, "audit");
}

void RightsOf(Deciding& d) {
  const std::optional<RightsEvent>& event = d.e.request.event;
  const std::string& id = d.category.id;
  if (!event.has_value()) return d.Deny(ReasonCode::kFactsUnknown, "rights_event");
  if (event->type == "access") {
    const bool own = Has(event->own, id);
    const bool mixed = Has(event->mixed, id);
    if (!own && !mixed) return d.Deny(ReasonCode::kCategoryNotPermitted, "rights_event/access");
    if (id == "narrative") {
      d.Reduce(Form::kSummarise, "rights_event/access");
      return d.Approve("ig_officer", "rights_event/access");
    }
    if (mixed) return d.Reduce(Form::kMask, "rights_event/access");
    return d.Say(ReasonCode::kNecessary, "rights_event/access");
  }
  const bool known = event->type == "rectification" || event->type == "erasure" || event->type == "restriction";
  if (!known || event->fan_out_to != "all_recipients_in_ledger") return d.Deny(ReasonCode::kCategoryNotPermitted, "rights_event");
  d.Say(ReasonCode::kNecessary, absl::StrCat("rights_event/", event->type));
}

void OneFlag(Deciding& d, const Flag& flag) {
  const std::string place = absl::StrCat("flags/", flag.id);
  const bool spared = flag.spares_rights_events && d.e.route == Route::kRightsEvent;
  const bool restricts = !flag.exception_grounds.empty();
  if (flag.denies.Matches(d.category.id) && !spared) {
    const bool claimed = d.e.request.exception_flag == flag.id && flag.exception_grounds.contains(d.e.request.exception_ground);
    if (claimed) d.Approve(flag.exception_approver, place);
    else d.Deny(restricts ? ReasonCode::kSubjectRestricted : ReasonCode::kSubjectFlag, place);
  }
  for (const auto& [category, form] : flag.reduces) {
    if (category == d.category.id) d.Reduce(form, place);
  }
  if (!flag.approver.empty() && flag.approver_categories.Matches(d.category.id)) d.Approve(flag.approver, place);
}

void Flags(Deciding& d) {
  if (!d.e.request.facts.has_value()) return;
  for (const std::string& id : d.e.request.facts->flags) {
    const auto flag = d.e.policy.flags.find(id);
    if (flag == d.e.policy.flags.end()) {
      d.Deny(ReasonCode::kFactsUnknown, "flags");
      continue;
    }
    OneFlag(d, flag->second);
    if (d.e.profile->blocked_flags.contains(id)) d.Deny(ReasonCode::kSubjectFlag, "blocked_flags");
  }
  for (const Consent& consent : d.e.request.facts->consents) {
    if (consent.step == d.category.id && !consent.given) d.Deny(ReasonCode::kConsentMissing, absl::StrCat("consents/", consent.step));
  }
}

// Place of a grain from finest; unknown names are finer than anything.
int Rank(std::initializer_list<absl::string_view> grains, absl::string_view grain) {
  int rank = 0;
  for (const absl::string_view known : grains) {
    if (known == grain) return rank;
    ++rank;
  }
  return -1;
}

void TableGrain(Deciding& d) {
  const std::optional<Table>& table = d.e.request.table;
  if (!table.has_value() || d.category.id != "aggregate") return;
  auto limit = d.e.policy.table_limits.find(table->topic);
  if (limit == d.e.policy.table_limits.end()) limit = d.e.policy.table_limits.find("default");
  if (limit == d.e.policy.table_limits.end()) return d.Deny(ReasonCode::kTableTooFine, "table_limits");
  const auto geography = [](absl::string_view g) { return Rank({"LSOA", "ward", "district", "county_city", "national"}, g); };
  const auto period = [](absl::string_view p) { return Rank({"week", "month", "quarter", "year"}, p); };
  if (geography(table->geography) < geography(limit->second.geography) || period(table->period) < period(limit->second.period)) {
    d.Say(ReasonCode::kTableTooFine, absl::StrCat("table_limits/", limit->first));
    d.Reduce(Form::kGeneralise, absl::StrCat("table_limits/", limit->first));
  }
}

// Domain decision 19: for strategy and oversight nothing that identifies leaves.
void Depersonalised(Deciding& d) {
  const std::string& purpose = d.e.request.purpose;
  if (!absl::StartsWith(purpose, "strategy.") && !absl::StartsWith(purpose, "oversight.")) return;
  const std::string& id = d.category.id;
  const Form form = d.outcome.form;
  const bool apt = id == "aggregate" || id == "statutory.fieldset" || form == Form::kAggregate || form == Form::kPseudonymise ||
                   (id == "narrative" && form == Form::kSummarise);
  if (!apt) d.Deny(ReasonCode::kDepersonalisedOnly, "purposes");
}

// Domain decision 27.
void OnwardShare(Deciding& d) {
  const std::optional<Onward>& onward = d.e.request.onward;
  if (!onward.has_value()) return;
  if (d.category.harm >= 4) d.Deny(ReasonCode::kOnwardNotPermitted, "onward");
  if (onward->originator_approval == "refused") d.Deny(ReasonCode::kOriginatorRefused, "onward");
  if (onward->originator_approval != "given") d.Approve("originator", "onward");
  if (!onward->as_controller) return;
  const auto next = d.e.policy.organisations.find(onward->organisation);
  if (next == d.e.policy.organisations.end()) return d.Deny(ReasonCode::kUnknownName, "onward");
  Ceilings(d, next->second);
}

void GatewayFor(Deciding& d) {
  if (d.e.route == Route::kRightsEvent) return;
  if (GatewaysFor(d.e, d.category, d.outcome.form).empty()) d.Deny(ReasonCode::kLegalGatewayMissing, "gateways");
}

// Special-category and offence data need a policy document that is not out of date.
void PolicyDocument(Deciding& d) {
  if (d.e.agreement == nullptr || d.e.inside_route()) return;
  if ((d.category.special || d.category.offence) && d.e.agreement->apd_review < d.e.day) d.Deny(ReasonCode::kLawfulBasisMissing, "appropriate_policy_document");
}

bool Names(const std::vector<std::string>& list, const Organisation& organisation) {
  return Has(list, "*") || Has(list, organisation.id) || Has(list, organisation.type);
}

bool Carries(const Evaluation& e, const Gateway& gateway, const Category& category, Form form) {
  if (gateway.kind == "support" || gateway.kind == "exempt" || gateway.never_used) return false;
  if (gateway.needs_commencement && (!gateway.effective_from.has_value() || *gateway.effective_from > e.day)) return false;
  if (!Names(gateway.from, *e.holder) || !Names(gateway.to, *e.receiver)) return false;
  if (gateway.excludes_sender.contains(e.holder->type) || gateway.excludes_categories.Matches(category.id)) return false;
  if (!gateway.excludes_content.patterns.empty() && category.may_hold_health) return false;
  if (gateway.depersonalised_only && category.id != "aggregate" && form != Form::kAggregate) return false;
  if (!e.request.facts.has_value()) return true;  // `flags` is open.
  return std::none_of(e.request.facts->flags.begin(), e.request.facts->flags.end(), [&](const std::string& flag) { return gateway.excludes_flags.contains(flag); });
}

}  // namespace

std::vector<std::string> GatewaysFor(const Evaluation& e, const Category& category, Form form) {
  std::vector<std::string> found;
  for (const std::string& id : e.profile->gateways) {
    const auto gateway = e.policy.gateways.find(id);
    if (gateway != e.policy.gateways.end() && Carries(e, gateway->second, category, form)) found.push_back(id);
  }
  return found;
}

CategoryOutcome DecideCategory(const Evaluation& e, const std::string& id) {
  const Category* const category = e.policy.FindCategory(id);
  CategoryOutcome none{.category = id, .denied = true, .open = e.open, .reasons = e.refusals};
  if (category == nullptr) none.reasons.push_back({.code = ReasonCode::kUnknownName, .rule = "categories"});
  if (category == nullptr || e.profile == nullptr || e.holder_type == nullptr || e.receiver_type == nullptr) return none;

  Deciding d{.e = e, .category = *category, .outcome = {.category = id, .form = category->Fullest(), .form_is_full = true, .open = e.open}};
  switch (e.route) {
    case Route::kBreakGlass: BreakGlass(d); break;
    case Route::kAudit: Audit(d); break;
    case Route::kRightsEvent: RightsOf(d); break;
    default:
      Scope(d);
      ByProduct(d);
      Matrix(d);
      Ceilings(d, *e.receiver);
      Overlays(d);
  }
  Flags(d);
  TableGrain(d);
  LastResorts(d);
  Depersonalised(d);
  GatewayFor(d);
  PolicyDocument(d);
  OnwardShare(d);
  if (!e.refusals.empty()) {
    d.outcome.denied = true;
    d.outcome.reasons.insert(d.outcome.reasons.begin(), e.refusals.begin(), e.refusals.end());
  }
  if (d.outcome.denied) d.outcome.approvers.clear();
  std::sort(d.outcome.reasons.begin(), d.outcome.reasons.end());
  d.outcome.reasons.erase(std::unique(d.outcome.reasons.begin(), d.outcome.reasons.end()), d.outcome.reasons.end());
  return std::move(d.outcome);
}

}  // namespace derwent::policy
