#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/agreements.h"
#include "policy/engine/evaluation.h"

namespace derwent::policy {
namespace {

template <typename Map>
const typename Map::mapped_type* Find(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

void Refuse(Evaluation& e, ReasonCode code, absl::string_view place) {
  e.refusals.push_back({.code = code, .rule = e.Rule(place)});
}

bool OnlyAggregate(const Evaluation& e) {
  const bool open_case = e.scope.necessary_with_open_case && e.request.case_link != CaseLink::kNone;
  return e.scope_found && !e.scope.case_scope && !open_case && e.scope.categories == std::set<std::string>{"aggregate"};
}

Route DeriveRoute(const Evaluation& e) {
  if (e.request.route.has_value()) return *e.request.route;
  if (e.request.purpose == "audit.dpo") return Route::kAudit;
  if (e.request.purpose == "rights.subject") return Route::kRightsEvent;
  if (e.request.purpose == "oversight.scrutiny") return Route::kStatutoryRequest;
  return OnlyAggregate(e) ? Route::kStatistics : Route::kOrdinary;
}

// What the recipient may have: by organisation, else by role (domain decision 17).
void ResolveScope(Evaluation& e) {
  if (e.profile == nullptr) return;
  const auto organisation = e.profile->recipient_organisations.find(e.request.receiving_agency);
  if (organisation != e.profile->recipient_organisations.end()) {
    e.scope_found = true;
    e.scope.case_scope = true;
    e.by_product = organisation->second;
    return;
  }
  const ReceiverScope* const scope = Find(e.profile->receivers, e.request.receiving_role);
  if (scope == nullptr) return;
  e.scope_found = true;
  e.scope = *scope;
}

bool NeedsNoCase(const Evaluation& e) {
  const std::string& purpose = e.request.purpose;
  if (absl::StartsWith(purpose, "strategy.") || absl::StartsWith(purpose, "oversight.")) return true;
  if (e.request.direction == Direction::kPush) return true;  // A referral is its own case link.
  const bool open_case = e.scope.necessary_with_open_case && e.request.case_link != CaseLink::kNone;
  return e.scope_found && !e.scope.case_scope && !open_case &&
         std::all_of(e.scope.categories.begin(), e.scope.categories.end(),
                     [](const std::string& c) { return c == "aggregate" || c == "narrative"; });
}

void RefuseUnless(Evaluation& e, bool holds, ReasonCode code, absl::string_view place) {
  if (!holds) Refuse(e, code, place);
}

void CheckParties(Evaluation& e) {
  const DecisionRequest& q = e.request;
  const bool same = q.releasing_agency == q.receiving_agency;
  if (same != e.inside_route()) Refuse(e, ReasonCode::kRecipientNotParty, "parties");
  for (const Organisation* organisation : {e.holder, e.receiver}) {
    if (organisation != nullptr && !organisation->valid.Hold(e.day))
      Refuse(e, ReasonCode::kRecipientNotParty, absl::StrCat("organisations/", organisation->id));
  }
  if (!e.inside_route() && e.answerer() != nullptr && !e.profile->senders.contains(e.answerer()->type))
    Refuse(e, ReasonCode::kSenderNotPermitted, "senders");
  if (!RoleHeld(e.snapshot,
                {.agency = q.receiving_agency, .role = q.receiving_role, .board = e.profile->board(), .area = q.area},
                e.day))
    Refuse(e, ReasonCode::kRoleNotEntitled, absl::StrCat("directory/", q.receiving_agency));
}

bool RoleMay(const Evaluation& e, absl::string_view what) {
  const std::set<std::string>* const may = Find(e.policy.roles, e.request.receiving_role);
  return may != nullptr && may->contains(std::string(what));
}

void CheckPurpose(Evaluation& e) {
  const std::string& purpose = e.request.purpose;
  RefuseUnless(e, e.purpose == nullptr || e.purpose->valid.Hold(e.day), ReasonCode::kPurposeNotPermitted, "purposes");
  switch (e.route) {
    case Route::kAudit:
      RefuseUnless(e, purpose == "audit.dpo", ReasonCode::kPurposeNotPermitted, "purposes");
      RefuseUnless(e, RoleMay(e, "audit_own"), ReasonCode::kRoleNotEntitled, "roles");
      return;
    case Route::kRightsEvent:
      RefuseUnless(e, purpose == "rights.subject", ReasonCode::kPurposeNotPermitted, "purposes");
      RefuseUnless(e, RoleMay(e, "handle_rights"), ReasonCode::kRoleNotEntitled, "roles");
      return;
    case Route::kBreakGlass:
      RefuseUnless(e, purpose == "emergency.vital" && e.request.receiving_role == "duty_officer",
                   ReasonCode::kBreakGlassNotEntitled, "break_glass");
      return;
    case Route::kStatutoryRequest:
      RefuseUnless(e, !e.request.document_reference.empty(), ReasonCode::kDocumentRequired, "statutory_request");
      break;
    case Route::kOrdinary:
    case Route::kStatistics:
      break;
  }
  if (!e.profile->purposes.contains(purpose) || e.profile->denied_purposes.contains(purpose) || e.purpose == nullptr ||
      e.purpose->excluded) {
    Refuse(e, ReasonCode::kPurposeNotPermitted, "purposes");
  }
  RefuseUnless(e, e.scope_found, ReasonCode::kRoleNotEntitled, "receivers");
}

void CheckAgreement(Evaluation& e) {
  if (e.inside_route()) return;
  AgreementsFound found = FindAgreements(e.request, e.snapshot, e.day);
  e.agreements = std::move(found.in_force);
  if (e.route == Route::kStatutoryRequest || e.route == Route::kStatistics) return;
  e.refusals.insert(e.refusals.end(), found.reasons.begin(), found.reasons.end());
}

// Unknown age: possibly a child.
bool MayBeChild(const Evaluation& e) {
  const std::optional<SubjectFacts>& facts = e.request.facts;
  const bool by_age = facts.has_value() && (!facts->age.has_value() || (*facts->age > 0 && *facts->age < 18));
  return by_age || e.request.subject_role == "child" || e.request.subject_role == "victim_child_da";
}

void CheckJustification(Evaluation& e) {
  if (e.request.justification) return;
  const bool harmful =
      std::any_of(e.request.categories.begin(), e.request.categories.end(), [&](const std::string& id) {
        const Category* const category = e.policy.FindCategory(id);
        return category == nullptr || category->harm >= 4;
      });
  if (harmful || MayBeChild(e)) Refuse(e, ReasonCode::kJustificationRequired, "proportionality");
}

// Or may be, where flags are not known.
bool ConsentWithdrawn(const SubjectFacts& facts) {
  return !facts.flags.has_value() ||
         std::find(facts.flags->begin(), facts.flags->end(), "consent_withdrawn") != facts.flags->end();
}

// Given by `giver` and by them not refused.
bool Gave(absl::string_view giver, const ConsentStep& step, const SubjectFacts& facts) {
  bool given = false;
  for (const Consent& consent : facts.consents) {
    if (consent.step != step.id || consent.giver != giver) continue;
    if (!consent.given) return false;
    given = true;
  }
  return given;
}

// Whether the policy knows the step that the request names: a share of some category, or a step of its own.
bool KnowsStep(const Policy& policy, const std::string& named) {
  return named.empty() || policy.other_steps.contains(named) || policy.FindCategory(named) != nullptr ||
         std::any_of(policy.consent_steps.begin(), policy.consent_steps.end(),
                     [&](const ConsentStep& step) { return step.id == named; });
}

// A step that is a word for people (domain page, `consents`): the share hangs on what stands on record under it, and
// nothing there is a step that nobody knows.
void CheckNamedStep(Evaluation& e) {
  const std::string& named = e.request.step;
  if (KnowsStep(e.policy, named)) return;
  if (!e.request.facts.has_value()) {
    e.open.insert("consent:step");
    return;
  }
  const SubjectFacts& facts = *e.request.facts;
  bool on_record = false;
  bool refused = ConsentWithdrawn(facts);
  for (const Consent& consent : facts.consents) {
    if (consent.step != named) continue;
    on_record = true;
    refused = refused || !consent.given;
  }
  if (!on_record)
    Refuse(e, ReasonCode::kUnknownName, "step");
  else if (refused)
    Refuse(e, ReasonCode::kConsentMissing, "step");
}

void CheckConsents(Evaluation& e) {
  if (!e.matrix_route()) return;
  CheckNamedStep(e);
  for (const ConsentStep& step : e.policy.consent_steps) {
    if (!Binds(step, e.request)) continue;
    if (!e.request.facts.has_value()) {
      e.open.insert(absl::StrCat("consent:", step.id));
    } else if (!Consented(step, *e.request.facts)) {
      e.refusals.push_back({.code = ReasonCode::kConsentMissing, .rule = absl::StrCat("consent_steps/", step.id)});
    }
  }
}

}  // namespace

bool Consented(const ConsentStep& step, const SubjectFacts& facts) {
  if (ConsentWithdrawn(facts)) return false;
  const int age = facts.age.value_or(0);
  const std::string& guardian = step.giver_under_18.empty() ? step.giver : step.giver_under_18;
  if (age >= 18) return Gave(step.giver, step, facts);
  return Gave(guardian, step, facts) && (age > 0 || Gave(step.giver, step, facts));
}

bool Binds(const ConsentStep& step, const DecisionRequest& request) {
  if (request.step == step.id) return true;
  if (step.profile.empty() && step.receiver.empty() && step.product.empty()) return false;
  if (!step.subject_role.empty() && step.subject_role != request.subject_role) return false;
  return (step.profile.empty() || step.profile == request.profile) &&
         (step.receiver.empty() || step.receiver == request.receiving_agency) &&
         (step.product.empty() || step.product == request.product);
}

std::string Evaluation::Rule(absl::string_view place) const {
  return absl::StrCat("profiles/", request.profile, "/", place);
}

void Resolve(Evaluation& e) {
  const DecisionRequest& q = e.request;
  e.profile = Find(e.policy.profiles, q.profile);
  e.purpose = Find(e.policy.purposes, q.purpose);
  e.holder = Find(e.policy.organisations, q.releasing_agency);
  e.receiver = Find(e.policy.organisations, q.receiving_agency);
  if (e.holder != nullptr) e.holder_type = Find(e.policy.types, e.holder->type);
  if (e.receiver != nullptr) e.receiver_type = Find(e.policy.types, e.receiver->type);
  const auto unknown = [&](bool is, absl::string_view place) {
    if (is) e.refusals.push_back({.code = ReasonCode::kUnknownName, .rule = std::string(place)});
  };
  unknown(e.profile == nullptr, "profile");
  unknown(e.purpose == nullptr, "purpose");
  unknown(e.holder == nullptr || e.holder_type == nullptr, "releasingAgency");
  unknown(e.receiver == nullptr || e.receiver_type == nullptr, "receivingAgency");
  unknown(!e.policy.roles.contains(q.receiving_role), "receivingRole");
  unknown(!e.policy.subject_roles.contains(q.subject_role), "subject.role");
  unknown(!q.area.empty() && !e.policy.areas.contains(q.area), "area");
  ResolveScope(e);
  e.route = DeriveRoute(e);
}

void CheckRequest(Evaluation& e) {
  if (e.profile == nullptr || e.holder_type == nullptr || e.receiver_type == nullptr) return;  // Refused already.
  CheckAgreement(e);
  CheckParties(e);
  CheckPurpose(e);
  const bool needs_case = e.route == Route::kOrdinary && !NeedsNoCase(e);
  if (needs_case && e.request.case_link == CaseLink::kNone) Refuse(e, ReasonCode::kCaseLinkRequired, "case_link");
  if (e.holder_type->basis.empty() || e.receiver_type->basis.empty())
    Refuse(e, ReasonCode::kLawfulBasisMissing, "basis");
  CheckJustification(e);
  CheckConsents(e);
  if (!e.request.facts.has_value()) e.open.insert("flags");
}

}  // namespace derwent::policy
