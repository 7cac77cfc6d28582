#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/deciding.h"
#include "policy/engine/table.h"

namespace derwent::policy {
namespace {

// Domain decision 31.
void TableGrain(Deciding& d) {
  const std::optional<Table>& table = d.e.request.table;
  if (!table.has_value() || d.category.id != "aggregate") return;
  const std::optional<Table> coarse = AtLimit(*table, d.e.policy);
  if (!coarse.has_value()) return d.Deny(ReasonCode::kTableTooFine, "table_limits");
  if (*coarse == *table) return;
  const std::string limits =
      absl::StrCat("table_limits/", d.e.policy.table_limits.contains(table->topic) ? table->topic : "default");
  d.Say(ReasonCode::kTableTooFine, limits);
  d.Reduce(Form::kGeneralise, limits);
}

// Domain decision 28: harm 5 in full asks somebody; a protected address always; a narrative never leaves raw without a
// human.
void LastResorts(Deciding& d) {
  const bool full = d.outcome.form == Form::kFull;
  const bool harmful =
      d.e.matrix_route() && d.category.harm >= 5 && full && !d.e.profile->necessary.contains(d.category.id);
  const bool unasked = d.outcome.approvers.empty() && !d.outcome.denied;
  if (unasked && (harmful || d.category.id == "location.protected")) d.Approve("spoc", "harm_5");
  if (d.category.id == "narrative" && full && d.outcome.approvers.empty()) d.Reduce(Form::kSummarise, "narrative");
}

bool Concerns(const Onward& onward, const std::string& category) {
  return onward.categories.empty() ||
         std::find(onward.categories.begin(), onward.categories.end(), category) != onward.categories.end();
}

// Whether what the requester has may have come under a gateway that limits its use: which of those that carry it was
// relied on nobody can say afterwards.
bool UseLimited(const Deciding& d) {
  const std::vector<std::string> gateways = GatewaysFor(d.e, d.category, d.outcome.form);
  return std::any_of(gateways.begin(), gateways.end(),
                     [&](const std::string& id) { return d.e.policy.gateways.at(id).use_limitation; });
}

// Domain decision 27; brief F03.
void OnwardShare(Deciding& d) {
  const std::optional<Onward>& onward = d.e.request.onward;
  if (!onward.has_value() || !Concerns(*onward, d.category.id)) return;
  const auto next = d.e.policy.organisations.find(onward->organisation);
  if (next == d.e.policy.organisations.end() || !next->second.valid.Hold(d.e.day))
    return d.Deny(ReasonCode::kUnknownName, "onward");
  const bool limited = onward->as_controller && UseLimited(d);
  if (d.category.harm >= 4 || limited) d.Deny(ReasonCode::kOnwardNotPermitted, "onward");
  if (onward->originator_approval == "refused") d.Deny(ReasonCode::kOriginatorRefused, "onward");
  if (onward->originator_approval != "given") d.Approve("originator", "onward");
  if (onward->as_controller) CapForReceiver(d, next->second);
}

// Each overlay of each agreement in force. They come last: nothing they narrow can meet a rule that it would else fail.
void Overlays(Deciding& d) {
  for (const Agreement* agreement : d.e.agreements) {
    for (const auto& [category, form] : agreement->overlays) {
      if (category != d.category.id) continue;
      const std::string place = absl::StrCat("overlays/", agreement->id, "/", category);
      if (form.has_value())
        d.Reduce(*form, place);
      else
        d.Deny(ReasonCode::kCategoryNotPermitted, place);
    }
  }
}

// Domain decision 19: for strategy and oversight nothing that identifies leaves.
void Depersonalised(Deciding& d) {
  const std::string& purpose = d.e.request.purpose;
  if (!absl::StartsWith(purpose, "strategy.") && !absl::StartsWith(purpose, "oversight.")) return;
  const std::string& id = d.category.id;
  const Form form = d.outcome.form;
  const bool apt = id == "aggregate" || id == "statutory.fieldset" || form == Form::kAggregate ||
                   form == Form::kPseudonymise || (id == "narrative" && form == Form::kSummarise);
  if (!apt) d.Deny(ReasonCode::kDepersonalisedOnly, "purposes");
}

void GatewayFor(Deciding& d) {
  if (d.e.route == Route::kRightsEvent) return;
  const std::vector<std::string> gateways = GatewaysFor(d.e, d.category, d.outcome.form);
  if (gateways.empty()) return d.Deny(ReasonCode::kLegalGatewayMissing, "gateways");
  // DPA 2018 s36(4): what passes between Part 3 and UK GDPR needs an authority in law, by name.
  const std::vector<std::string>& authorities = d.e.profile->transition_authorities;
  if (RegimesDiffer(d.e) &&
      std::find_first_of(gateways.begin(), gateways.end(), authorities.begin(), authorities.end()) == gateways.end())
    d.Deny(ReasonCode::kLawfulBasisMissing, "transition_authorities");
}

// Special-category and offence data need a condition on each side, and a policy document that is not out of date.
void Conditions(Deciding& d) {
  if (!d.category.special && !d.category.offence) return;
  for (const OrganisationType* side : {d.e.holder_type, d.e.receiver_type}) {
    const bool missing = (d.category.special && side->special_condition.empty()) ||
                         (d.category.offence && side->offence_condition.empty());
    if (missing) d.Deny(ReasonCode::kLawfulBasisMissing, absl::StrCat("conditions/", side->id));
  }
  for (const Agreement* agreement : d.e.agreements) {
    if (agreement->apd_review < d.e.day)
      d.Deny(ReasonCode::kLawfulBasisMissing, absl::StrCat("appropriate_policy_document/", agreement->id));
  }
}

}  // namespace

CategoryOutcome DecideCategory(const Evaluation& e, const std::string& id) {
  const Category* const category = e.policy.FindCategory(id);
  CategoryOutcome none{.category = id, .denied = true, .open = e.open, .reasons = e.refusals};
  if (category == nullptr) none.reasons.push_back({.code = ReasonCode::kUnknownName, .rule = "categories"});
  if (category == nullptr || e.profile == nullptr || e.holder_type == nullptr || e.receiver_type == nullptr)
    return none;

  Deciding d{.e = e,
             .category = *category,
             .outcome = {.category = id, .form = category->Fullest(), .form_is_full = true, .open = e.open}};
  Grant(d);
  LastResorts(d);  // Before the subject's flags: whom a flag asks is not whom the profile names.
  HeedSubject(d);
  TableGrain(d);
  Depersonalised(d);
  GatewayFor(d);
  Conditions(d);
  // What follows narrows; the narrower form must itself be apt and carried.
  OnwardShare(d);
  Overlays(d);
  Depersonalised(d);
  GatewayFor(d);
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
