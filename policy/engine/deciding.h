#pragma once

#include <string>

#include "policy/engine/evaluation.h"
#include "policy/engine/lattice.h"

namespace derwent::policy {

// One category under decision. Each step only takes away: it denies, asks somebody, or narrows the form.
struct Deciding {
  const Evaluation& e;
  const Category& category;
  CategoryOutcome outcome;

  void Deny(ReasonCode code, absl::string_view place) {
    outcome.denied = true;
    outcome.reasons.push_back({.code = code, .rule = e.Rule(place)});
  }
  void Say(ReasonCode code, absl::string_view place) {
    outcome.reasons.push_back({.code = code, .rule = e.Rule(place)});
  }
  void Approve(const std::string& role, absl::string_view place) {
    outcome.approvers.insert(role);
    Say(ReasonCode::kApprovalRequired, place);
  }
  void Reduce(Form form, absl::string_view place) {
    MeetForm(outcome, form, category, {.code = ReasonCode::kReducedForm, .rule = e.Rule(place)});
  }
};

// What the route's list gives this category at most (grant.cc): the matrix under scope, product and ceiling; or the
// list of break-glass, audit or a rights event (domain decisions 21 to 23).
void Grant(Deciding& d);
// What a kind of receiver may have at most (domain decision 18).
void CapForReceiver(Deciding& d, const Organisation& receiver);
// What the subject's flags and refusals take away (subject.cc; domain decisions 24 and 25).
void HeedSubject(Deciding& d);

}  // namespace derwent::policy
