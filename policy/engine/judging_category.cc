#include <algorithm>

#include "policy/engine/judging.h"

// What becomes of one category of a question.

namespace derwent::policy {

void Judging::Of(int c, Verdict& verdict) {
  v_ = &verdict;
  verdict.denied = false;
  verdict.form = x_.meeting_[c].fullest;
  verdict.approvers = 0;
  verdict.marks.Take(refusals_);
  c_ = c;
  bit_ = Bits{1} << c;
  Grant();
  LastResorts();
  Subject();
  Table();
  Depersonalise();
  Carry();
  Footing();
  Onward();
  Overlays();
  Depersonalise();
  Carry();
  if (refused_) verdict.denied = true;
  if (verdict.denied) verdict.approvers = 0;
}

void Judging::Grant() {
  switch (route_) {
    case Route::kAudit:
      if (bit_ == x_.aggregate_) return Say(ReasonCode::kNecessary, Place::kAudit);
      if (bit_ == x_.identity_) return Reduce(Form::kPseudonymise, Place::kAudit);
      return Deny(ReasonCode::kCategoryNotPermitted, Place::kAudit);
    case Route::kRightsEvent:
      return Rights();
    case Route::kBreakGlass:
      if ((bit_ & x_.break_glass_flag_) != 0)
        Reduce(Form::kFlagOnly, Place::kBreakGlass);
      else if ((bit_ & x_.break_glass_full_) != 0)
        Say(ReasonCode::kNecessary, Place::kBreakGlass);
      else
        Deny(ReasonCode::kCategoryNotPermitted, Place::kBreakGlass);
      break;
    case Route::kStatistics:
      if (bit_ != x_.aggregate_) Deny(ReasonCode::kDepersonalisedOnly, Place::kStatistics);
      [[fallthrough]];
    case Route::kOrdinary:
    case Route::kStatutoryRequest:
      InScope();
      Product();
      Matrix();
  }
  Cap(q_.receiver);
}

void Judging::Rights() {
  if (!q_.has_event) return Deny(ReasonCode::kFactsUnknown, Place::kRightsEvent);
  if (!q_.access) {
    if (!q_.fan_out) return Deny(ReasonCode::kCategoryNotPermitted, Place::kRightsEvent);
    return Say(ReasonCode::kNecessary, Place::kRightsEventType);
  }
  const bool mixed = (q_.mixed & bit_) != 0;
  if (!mixed && (q_.own & bit_) == 0) return Deny(ReasonCode::kCategoryNotPermitted, Place::kRightsEventType);
  if (bit_ == x_.narrative_) {
    Reduce(Form::kSummarise, Place::kRightsEventType);
    return Approve(x_.ig_officer_, Place::kRightsEventType);
  }
  if (mixed) return Reduce(Form::kMask, Place::kRightsEventType);
  Say(ReasonCode::kNecessary, Place::kRightsEventType);
}

void Judging::InScope() {
  if (!limit_.named || limit_.case_scope || (limit_.categories & bit_) != 0) return;
  if (!limit_.open_case || (b_.necessary & bit_) == 0) return Deny(ReasonCode::kCategoryNotPermitted, Place::kReceiver);
  if (q_.case_link == CaseLink::kNone) return Deny(ReasonCode::kCaseLinkRequired, Place::kReceiver);
  Approve(limit_.approver, Place::kReceiver);
}

void Judging::Product() {
  if (by_organisation_ != 2) return;
  if (q_.product < 0 || !b_.has_product[q_.product]) return Deny(ReasonCode::kProductRequired, Place::kProduct);
  const auto& [allow, child] = b_.products[q_.product];
  if ((allow & bit_) == 0) Deny(ReasonCode::kProductRequired, Place::kProduct);
  if (!q_.facts) return;
  if (q_.age <= 0) return Deny(ReasonCode::kFactsUnknown, Place::kProductAge);
  if ((q_.age < 18) != child) Deny(ReasonCode::kProductNotApt, Place::kProduct);
}

void Judging::Matrix() {
  if ((b_.necessary & bit_) != 0) return Say(ReasonCode::kNecessary, Place::kCategory);
  if ((b_.conditional & bit_) == 0) return Deny(ReasonCode::kCategoryNotPermitted, Place::kCategory);
  if ((q_.grounds & bit_) != 0)
    Say(ReasonCode::kConditionMet, Place::kCategory);
  else
    Deny(ReasonCode::kGroundNotAsserted, Place::kCategory);
  if ((b_.of_a_child & bit_) != 0) OfAChild();
  if ((b_.conditional_form & bit_) != 0) Reduce(b_.form[c_], Place::kCategory);
  if (b_.approver[c_] != 0) Approve(b_.approver[c_], Place::kCategory);
}

void Judging::OfAChild() {
  if (!q_.facts || (q_.age > 0 && q_.age < 18)) return;
  for (const Index::Step* step : b_.or_consent[c_]) {
    if (Given(*step)) return;
  }
  Deny(q_.age > 0 ? ReasonCode::kConditionNotMet : ReasonCode::kFactsUnknown, Place::kCategory);
}

void Judging::Cap(int receiver) {
  const int8_t at = b_.cap_of[receiver];
  if (at < 0) return;
  const Index::Cap& cap = b_.caps[at];
  if ((cap.permit & bit_) != 0) return;
  if ((cap.redact & bit_) != 0) return Reduce(cap.form[c_], Place::kCeiling, at);
  if ((cap.approve & bit_) != 0) return Approve(cap.approver[c_], Place::kCeiling, at);
  Deny(ReasonCode::kCeilingReached, Place::kCeiling, at);
}

void Judging::LastResorts() {
  const bool full = v_->form == Form::kFull;
  const bool harmful = matrix_route() && x_.meeting_[c_].harm >= 5 && full && (b_.necessary & bit_) == 0;
  if (v_->approvers == 0 && !v_->denied && (harmful || bit_ == x_.location_protected_)) Approve(x_.spoc_, Place::kHarm);
  if (bit_ == x_.narrative_ && full && v_->approvers == 0) Reduce(Form::kSummarise, Place::kNarrative);
}

void Judging::Subject() {
  if (!q_.facts) return;
  if (!q_.flags_known || q_.unknown_flag) Deny(ReasonCode::kFactsUnknown, Place::kFlags);
  if ((q_.flags & b_.blocked_flags) != 0) Deny(ReasonCode::kSubjectFlag, Place::kBlockedFlags);
  for (Bits rest = q_.flags; rest != 0; rest &= rest - 1) HeedFlag(__builtin_ctzll(rest));
  if (matrix_route() && (q_.refused & bit_) != 0) Deny(ReasonCode::kConsentMissing, Place::kConsents);
}

void Judging::HeedFlag(int number) {
  const Index::FlagRule& flag = x_.flag_[number];
  const bool spared = flag.spares_rights && route_ == Route::kRightsEvent;
  if ((flag.denies & bit_) != 0 && !spared) {
    if (q_.exception == number && q_.exception_ground)
      Approve(flag.exception_approver, Place::kFlag, number);
    else
      Deny(flag.restricts ? ReasonCode::kSubjectRestricted : ReasonCode::kSubjectFlag, Place::kFlag, number);
  }
  if ((flag.reduces & bit_) != 0) Reduce(flag.form[c_], Place::kFlag, number);
  if ((flag.approver_categories & bit_) != 0 && flag.approver != 0) Approve(flag.approver, Place::kFlag, number);
}

void Judging::Table() {
  if (!q_.has_table || bit_ != x_.aggregate_) return;
  if (q_.topic < 0) return Deny(ReasonCode::kTableTooFine, Place::kTableLimits);
  if (q_.geography >= x_.limit_[q_.topic].first && q_.period >= x_.limit_[q_.topic].second) return;
  Say(ReasonCode::kTableTooFine, Place::kTableLimit, q_.topic);
  Reduce(Form::kGeneralise, Place::kTableLimit, q_.topic);
}

void Judging::Depersonalise() {
  if ((x_.depersonalised_ >> q_.purpose & 1) == 0) return;
  const bool apt = bit_ == x_.aggregate_ || bit_ == x_.fieldset_ || v_->form == Form::kAggregate ||
                   v_->form == Form::kPseudonymise || (bit_ == x_.narrative_ && v_->form == Form::kSummarise);
  if (!apt) Deny(ReasonCode::kDepersonalisedOnly, Place::kPurposes);
}

void Judging::Carry() {
  if (route_ == Route::kRightsEvent) return;
  const Bits among = reach();
  const bool differ = regimes_differ();
  bool carried = false;
  for (size_t i = 0; i < b_.carriers.size(); ++i) {
    const Index::Carrier& gateway = b_.carriers[i];
    if ((among >> i & 1) == 0 || !Carries(gateway)) continue;
    if (!differ || gateway.transition) return;
    carried = true;
  }
  if (carried)
    Deny(ReasonCode::kLawfulBasisMissing, Place::kTransition);
  else
    Deny(ReasonCode::kLegalGatewayMissing, Place::kGateways);
}

Bits Judging::reach() const {
  if (inside_route()) return ~Bits{0};
  return b_.reach[static_cast<size_t>(answerer()) * Interned::kMost + static_cast<size_t>(asker())];
}

bool Judging::use_limited() const {
  const Bits among = reach();
  for (size_t i = 0; i < b_.carriers.size(); ++i) {
    const Index::Carrier& gateway = b_.carriers[i];
    if (gateway.use_limited && (among >> i & 1) != 0 && Carries(gateway)) return true;
  }
  return false;
}

bool Judging::Carries(const Index::Carrier& gateway) const {
  if (day_ < gateway.from || gateway.to < day_ || (gateway.excluded_types >> x_.type_of_[answerer()] & 1) != 0)
    return false;
  if (compelled() && !gateway.compels) return false;
  if (says_whom() && !gateway.tells_whom) return false;
  if (((v_->form == Form::kAggregate ? gateway.aggregates : gateway.carries) & bit_) == 0) return false;
  return !q_.facts || !gateway.needs_flags || (q_.flags_known && (gateway.flags & q_.flags) == 0);
}

bool Judging::UnderPart3(int agency) const {
  const int type = x_.type_of_[agency];
  if ((x_.competent_ >> type & x_.enforcement_ >> q_.purpose & 1) == 0) return false;
  return std::none_of(b_.civil.begin(), b_.civil.end(), [&](const Index::Civil& civil) {
    return (civil.types >> type & civil.purposes >> q_.purpose & 1) != 0;
  });
}

bool Judging::regimes_differ() const { return UnderPart3(q_.giver) != UnderPart3(q_.receiver); }

void Judging::Footing() {
  const Index::Meeting& m = x_.meeting_[c_];
  if (!m.special && !m.offence) return;
  for (const int agency : {q_.giver, q_.receiver}) {
    const int type = x_.type_of_[agency];
    const OrganisationType& side = *x_.type_[type];
    if ((m.special && side.special_condition.empty()) || (m.offence && side.offence_condition.empty()))
      Deny(ReasonCode::kLawfulBasisMissing, Place::kConditions, type);
  }
  for (Bits rest = papers_; rest != 0; rest &= rest - 1) {
    const int paper = __builtin_ctzll(rest);
    if (b_.papers[paper].agreement->apd_review < day_)
      Deny(ReasonCode::kLawfulBasisMissing, Place::kPolicyDocument, paper);
  }
}

void Judging::Onward() {
  if (!q_.has_onward || (q_.passed_on & bit_) == 0) return;
  if (q_.onward < 0 || !x_.agency_[q_.onward]->valid.Hold(day_)) return Deny(ReasonCode::kUnknownName, Place::kOnward);
  if (x_.meeting_[c_].harm >= 4 || (q_.controller && use_limited()))
    Deny(ReasonCode::kOnwardNotPermitted, Place::kOnward);
  if (q_.originator == Interned::Originator::kRefused) Deny(ReasonCode::kOriginatorRefused, Place::kOnward);
  if (q_.originator != Interned::Originator::kGiven) Approve(x_.originator_, Place::kOnward);
  if (q_.controller) Cap(q_.onward);
}

void Judging::Overlays() {
  for (Bits rest = papers_; rest != 0; rest &= rest - 1) {
    const int number = __builtin_ctzll(rest);
    const Index::Paper& paper = b_.papers[number];
    if ((paper.denies & bit_) != 0) Deny(ReasonCode::kCategoryNotPermitted, Place::kOverlay, number);
    for (const auto& [category, form] : paper.forms) {
      if (category == c_) Reduce(form, Place::kOverlay, number);
    }
  }
}

}  // namespace derwent::policy
