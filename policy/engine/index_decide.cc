#include <algorithm>

#include "policy/engine/agreements.h"
#include "policy/engine/index.h"

namespace derwent::policy {

// One question on its way through the index: the same steps as category.cc, grant.cc, subject.cc and routes.cc, on
// bits. Each rule that decides leaves its mark.
class Judging {
 public:
  Judging(const Index& index, const Interned& q, const Snapshot& snapshot, absl::CivilDay day)
      : x_(index), q_(q), snapshot_(snapshot), day_(day), b_(index.board_[q.profile]) {}

  // What the question as a whole is refused for; kept for each category.
  void CheckRequest() {
    Scope();
    Parties();
    Purpose();
    Papers();
    Case();
    Basis();
    Justified();
    Consented();
    refused_ = refusals_.size() > 0;
  }

  void Of(int c, Verdict& verdict) {
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

 private:
  void Refuse(ReasonCode code, Place place, int number = -1) { refusals_.Add(code, place, number); }
  void Say(ReasonCode code, Place place, int number = -1) { v_->marks.Add(code, place, number); }
  void Deny(ReasonCode code, Place place, int number = -1) {
    v_->denied = true;
    Say(code, place, number);
  }
  void Approve(Bits roles, Place place, int number = -1) {
    v_->approvers |= roles;
    Say(ReasonCode::kApprovalRequired, place, number);
  }
  void Reduce(Form form, Place place, int number = -1) {
    if (v_->denied || v_->form == form) return;
    const int8_t met = x_.meeting_[c_].meet[static_cast<int>(v_->form)][static_cast<int>(form)];
    if (met < 0) {
      v_->approvers = 0;
      return Deny(ReasonCode::kFormsDoNotMeet, place, number);
    }
    if (static_cast<Form>(met) != v_->form) Say(ReasonCode::kReducedForm, place, number);
    v_->form = static_cast<Form>(met);
  }
  bool matrix_route() const {
    return route_ == Route::kOrdinary || route_ == Route::kStatistics || route_ == Route::kStatutoryRequest;
  }
  bool inside_route() const { return route_ == Route::kRightsEvent || route_ == Route::kAudit; }
  bool open_case() const { return limit_.open_case && q_.case_link != CaseLink::kNone; }

  void Scope() {
    by_organisation_ = b_.by_organisation[q_.receiver];
    if (by_organisation_ != 0)
      limit_ = {.named = true, .case_scope = true};
    else
      limit_ = b_.roles[q_.role];
    if (q_.route.has_value())
      route_ = *q_.route;
    else
      route_ = limit_.named && !limit_.case_scope && !open_case() && limit_.only_aggregate ? Route::kStatistics
                                                                                           : Route::kOrdinary;
  }

  void Parties() {
    if ((q_.giver == q_.receiver) != inside_route()) Refuse(ReasonCode::kRecipientNotParty, Place::kParties);
    for (const int agency : {q_.giver, q_.receiver}) {
      if (!x_.agency_[agency]->valid.Hold(day_)) Refuse(ReasonCode::kRecipientNotParty, Place::kOrganisation, agency);
    }
    if (!inside_route() && (b_.senders >> x_.type_of_[q_.giver] & 1) == 0)
      Refuse(ReasonCode::kSenderNotPermitted, Place::kSenders);
    if (!Held()) Refuse(ReasonCode::kRoleNotEntitled, Place::kDirectory);
  }
  bool Held() const {
    if (!x_.role_days_[q_.role].Hold(day_)) return false;
    if (snapshot_.directories == nullptr) return true;
    return RoleHeld(snapshot_,
                    {.agency = x_.agency_[q_.receiver]->id,
                     .role = x_.role_names_[q_.role],
                     .area = q_.area < 0 ? absl::string_view() : absl::string_view(x_.area_names_[q_.area])},
                    day_);
  }

  void Purpose() {
    if (!x_.purpose_days_[q_.purpose].Hold(day_)) Refuse(ReasonCode::kPurposeNotPermitted, Place::kPurposes);
    switch (route_) {
      case Route::kAudit:
        return Inside(x_.audit_purpose_, x_.audit_roles_);
      case Route::kRightsEvent:
        return Inside(x_.rights_purpose_, x_.rights_roles_);
      case Route::kBreakGlass:
        if (q_.purpose != x_.emergency_purpose_ || q_.role != x_.duty_officer_)
          Refuse(ReasonCode::kBreakGlassNotEntitled, Place::kBreakGlass);
        return;
      case Route::kStatutoryRequest:
        if (!q_.document) Refuse(ReasonCode::kDocumentRequired, Place::kStatutoryRequest);
        break;
      case Route::kOrdinary:
      case Route::kStatistics:
        break;
    }
    if ((b_.purposes >> q_.purpose & 1) == 0) Refuse(ReasonCode::kPurposeNotPermitted, Place::kPurposes);
    if (!limit_.named) Refuse(ReasonCode::kRoleNotEntitled, Place::kReceivers);
  }
  void Inside(int purpose, Bits roles) {
    if (q_.purpose != purpose) Refuse(ReasonCode::kPurposeNotPermitted, Place::kPurposes);
    if ((roles >> q_.role & 1) == 0) Refuse(ReasonCode::kRoleNotEntitled, Place::kRoles);
  }

  void Papers() {
    if (inside_route()) return;
    const Bits both = Bits{1} << q_.giver | Bits{1} << q_.receiver;
    bool ended = false, elsewhere = false, unsigned_ = false;
    for (size_t i = 0; i < b_.papers.size() && i < Interned::kMost; ++i) {
      const Index::Paper& paper = b_.papers[i];
      if ((paper.parties & both) != both || (paper.givers >> q_.giver & 1) == 0) continue;
      if (!paper.agreement->effective.Hold(day_) || Stopped(*paper.agreement))
        ended = true;
      else if (!Covered(paper))
        elsewhere = true;
      else if ((paper.signed_by & both) != both && !snapshot_.take_agreements_as_signed)
        unsigned_ = true;
      else
        papers_ |= Bits{1} << i;
    }
    if (papers_ != 0 || route_ == Route::kStatutoryRequest || route_ == Route::kStatistics) return;
    if (ended || (!elsewhere && !unsigned_)) Refuse(ReasonCode::kAgreementNotInForce, Place::kAgreements);
    if (elsewhere && !unsigned_) Refuse(ReasonCode::kAreaNotCovered, Place::kAgreements);
    if (unsigned_) Refuse(ReasonCode::kAgreementNotSigned, Place::kAgreements);
  }
  bool Covered(const Index::Paper& paper) const {
    return q_.area >= 0 && x_.area_days_[q_.area].Hold(day_) &&
           std::any_of(paper.covers.begin(), paper.covers.end(),
                       [&](const auto& whole) { return (whole.second >> q_.area & 1) != 0 && whole.first.Hold(day_); });
  }
  bool Stopped(const Agreement& agreement) const {
    return std::any_of(agreement.notices.begin(), agreement.notices.end(), [&](const Notice& notice) {
      return notice.from <= day_ && (notice.removes.empty() || notice.removes == x_.agency_[q_.giver]->id ||
                                     notice.removes == x_.agency_[q_.receiver]->id);
    });
  }

  void Case() {
    if (route_ != Route::kOrdinary || q_.case_link != CaseLink::kNone || q_.direction == Direction::kPush) return;
    if ((x_.depersonalised_ >> q_.purpose & 1) != 0) return;
    if (!(limit_.named && !limit_.case_scope && !open_case() && limit_.aggregate_or_narrative))
      Refuse(ReasonCode::kCaseLinkRequired, Place::kCaseLink);
  }

  void Basis() {
    if (x_.type_[x_.type_of_[q_.giver]]->basis.empty() || x_.type_[x_.type_of_[q_.receiver]]->basis.empty())
      Refuse(ReasonCode::kLawfulBasisMissing, Place::kBasis);
  }

  void Justified() {
    if (q_.justification) return;
    bool needed = q_.child_role || (q_.facts && (!q_.age_known || (q_.age > 0 && q_.age < 18)));
    for (size_t i = 0; i < q_.count && !needed; ++i)
      needed = q_.categories[i] < 0 || x_.meeting_[q_.categories[i]].harm >= 4;
    if (needed) Refuse(ReasonCode::kJustificationRequired, Place::kProportionality);
  }

  void Consented() {
    if (!matrix_route()) return;
    if (q_.step_named && q_.step < 0) Refuse(ReasonCode::kUnknownName, Place::kStep);
    if (!q_.facts) return;  // Open.
    for (size_t i = 0; i < x_.step_.size(); ++i) {
      if (Binds(x_.step_[i]) && !Given(x_.step_[i]))
        Refuse(ReasonCode::kConsentMissing, Place::kConsentStep, static_cast<int>(i));
    }
  }
  // By whoever's consent the step takes, and not withdrawn.
  bool Given(const Index::Step& step) const {
    if (!q_.flags_known || (x_.consent_withdrawn_ >= 0 && (q_.flags >> x_.consent_withdrawn_ & 1) != 0)) return false;
    const bool own = ((step.by_guardian ? q_.guardian_gave : q_.subject_gave) >> step.number & 1) != 0;
    const bool guardians = ((step.child_by_guardian ? q_.guardian_gave : q_.subject_gave) >> step.number & 1) != 0;
    return q_.age >= 18 ? own : guardians && (q_.age > 0 || own);
  }
  bool Binds(const Index::Step& step) const {
    if (q_.step == step.number) return true;
    if (!step.binds || step.nobody || (step.subject_role >= 0 && step.subject_role != q_.subject_role)) return false;
    return (step.profiles >> q_.profile & 1) != 0 && (step.receiver < 0 || step.receiver == q_.receiver) &&
           (step.product < 0 || step.product == q_.product);
  }

  void Grant() {
    switch (route_) {
      case Route::kAudit:
        if (bit_ == x_.aggregate_) return Say(ReasonCode::kNecessary, Place::kAudit);
        if (bit_ == x_.identity_) return Reduce(Form::kPseudonymise, Place::kAudit);
        return Deny(ReasonCode::kCategoryNotPermitted, Place::kAudit);
      case Route::kRightsEvent:
        return Rights();
      case Route::kBreakGlass:
        if ((bit_ & x_.health_) != 0)
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
  void Rights() {
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
  void InScope() {
    if (!limit_.named || limit_.case_scope || (limit_.categories & bit_) != 0) return;
    if (open_case() && (b_.necessary & bit_) != 0)
      Approve(limit_.approver, Place::kReceiver);
    else
      Deny(ReasonCode::kCategoryNotPermitted, Place::kReceiver);
  }
  void Product() {
    if (by_organisation_ != 2) return;
    if (q_.product < 0 || !b_.has_product[q_.product]) return Deny(ReasonCode::kProductRequired, Place::kProduct);
    const auto& [allow, child] = b_.products[q_.product];
    if ((allow & bit_) == 0) Deny(ReasonCode::kProductRequired, Place::kProduct);
    if (!q_.facts) return;
    if (q_.age <= 0) return Deny(ReasonCode::kFactsUnknown, Place::kProductAge);
    if ((q_.age < 18) != child) Deny(ReasonCode::kProductNotApt, Place::kProduct);
  }
  void Matrix() {
    if ((b_.necessary & bit_) != 0) return Say(ReasonCode::kNecessary, Place::kCategory);
    if ((b_.conditional & bit_) == 0) return Deny(ReasonCode::kCategoryNotPermitted, Place::kCategory);
    if ((q_.grounds & bit_) != 0)
      Say(ReasonCode::kConditionMet, Place::kCategory);
    else
      Deny(ReasonCode::kGroundNotAsserted, Place::kCategory);
    if ((b_.conditional_form & bit_) != 0) Reduce(b_.form[c_], Place::kCategory);
    if (b_.approver[c_] != 0) Approve(b_.approver[c_], Place::kCategory);
  }
  void Cap(int receiver) {
    const int8_t at = b_.cap_of[receiver];
    if (at < 0) return;
    const Index::Cap& cap = b_.caps[at];
    if ((cap.permit & bit_) != 0) return;
    if ((cap.redact & bit_) != 0) return Reduce(cap.form[c_], Place::kCeiling, at);
    if ((cap.approve & bit_) != 0) return Approve(cap.approver[c_], Place::kCeiling, at);
    Deny(ReasonCode::kCeilingReached, Place::kCeiling, at);
  }

  void LastResorts() {
    const bool full = v_->form == Form::kFull;
    const bool harmful = matrix_route() && x_.meeting_[c_].harm >= 5 && full && (b_.necessary & bit_) == 0;
    if (v_->approvers == 0 && !v_->denied && (harmful || bit_ == x_.location_protected_))
      Approve(x_.spoc_, Place::kHarm);
    if (bit_ == x_.narrative_ && full && v_->approvers == 0) Reduce(Form::kSummarise, Place::kNarrative);
  }

  void Subject() {
    if (!q_.facts) return;
    if (!q_.flags_known || q_.unknown_flag) Deny(ReasonCode::kFactsUnknown, Place::kFlags);
    if ((q_.flags & b_.blocked_flags) != 0) Deny(ReasonCode::kSubjectFlag, Place::kBlockedFlags);
    for (Bits rest = q_.flags; rest != 0; rest &= rest - 1) HeedFlag(__builtin_ctzll(rest));
    if (matrix_route() && (q_.refused & bit_) != 0) Deny(ReasonCode::kConsentMissing, Place::kConsents);
  }
  void HeedFlag(int number) {
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

  void Table() {
    if (!q_.has_table || bit_ != x_.aggregate_) return;
    if (q_.topic < 0) return Deny(ReasonCode::kTableTooFine, Place::kTableLimits);
    if (q_.geography >= x_.limit_[q_.topic].first && q_.period >= x_.limit_[q_.topic].second) return;
    Say(ReasonCode::kTableTooFine, Place::kTableLimit, q_.topic);
    Reduce(Form::kGeneralise, Place::kTableLimit, q_.topic);
  }

  void Depersonalise() {
    if ((x_.depersonalised_ >> q_.purpose & 1) == 0) return;
    const bool apt = bit_ == x_.aggregate_ || bit_ == x_.fieldset_ || v_->form == Form::kAggregate ||
                     v_->form == Form::kPseudonymise || (bit_ == x_.narrative_ && v_->form == Form::kSummarise);
    if (!apt) Deny(ReasonCode::kDepersonalisedOnly, Place::kPurposes);
  }

  void Carry() {
    if (route_ == Route::kRightsEvent) return;
    const Bits reach =
        inside_route() ? ~Bits{0}
                       : b_.reach[static_cast<size_t>(q_.giver) * Interned::kMost + static_cast<size_t>(q_.receiver)];
    const bool differ = regimes_differ();
    bool carried = false;
    for (size_t i = 0; i < b_.carriers.size(); ++i) {
      const Index::Carrier& gateway = b_.carriers[i];
      if ((reach >> i & 1) == 0 || !Carries(gateway)) continue;
      if (!differ || gateway.transition) return;
      carried = true;
    }
    if (carried)
      Deny(ReasonCode::kLawfulBasisMissing, Place::kTransition);
    else
      Deny(ReasonCode::kLegalGatewayMissing, Place::kGateways);
  }
  bool Carries(const Index::Carrier& gateway) const {
    if (day_ < gateway.from || gateway.to < day_ || (gateway.excluded_types >> x_.type_of_[q_.giver] & 1) != 0)
      return false;
    if (((v_->form == Form::kAggregate ? gateway.aggregates : gateway.carries) & bit_) == 0) return false;
    return !q_.facts || !gateway.needs_flags || (q_.flags_known && (gateway.flags & q_.flags) == 0);
  }
  bool regimes_differ() const {
    const bool giver = (x_.competent_ >> x_.type_of_[q_.giver] & 1) != 0;
    const bool receiver = (x_.competent_ >> x_.type_of_[q_.receiver] & 1) != 0;
    return giver != receiver && (x_.enforcement_ >> q_.purpose & 1) != 0;
  }

  void Footing() {
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

  void Onward() {
    if (!q_.has_onward) return;
    if (q_.onward < 0 || !x_.agency_[q_.onward]->valid.Hold(day_))
      return Deny(ReasonCode::kUnknownName, Place::kOnward);
    if (x_.meeting_[c_].harm >= 4) Deny(ReasonCode::kOnwardNotPermitted, Place::kOnward);
    if (q_.originator == Interned::Originator::kRefused) Deny(ReasonCode::kOriginatorRefused, Place::kOnward);
    if (q_.originator != Interned::Originator::kGiven) Approve(x_.originator_, Place::kOnward);
    if (q_.controller) Cap(q_.onward);
  }

  void Overlays() {
    for (Bits rest = papers_; rest != 0; rest &= rest - 1) {
      const int number = __builtin_ctzll(rest);
      const Index::Paper& paper = b_.papers[number];
      if ((paper.denies & bit_) != 0) Deny(ReasonCode::kCategoryNotPermitted, Place::kOverlay, number);
      for (const auto& [category, form] : paper.forms) {
        if (category == c_) Reduce(form, Place::kOverlay, number);
      }
    }
  }

  const Index& x_;
  const Interned& q_;
  const Snapshot& snapshot_;
  const absl::CivilDay day_;
  const Index::Board& b_;
  Index::Limit limit_;
  Route route_ = Route::kOrdinary;
  int by_organisation_ = 0;
  Bits papers_ = 0;
  Marks refusals_;
  bool refused_ = false;
  Verdict* v_ = nullptr;
  int c_ = 0;
  Bits bit_ = 0;
};

void Index::Decide(const Interned& question, const Snapshot& snapshot, absl::CivilDay day,
                   std::array<Verdict, Interned::kMost>& verdicts) const {
  for (size_t i = 0; i < question.count; ++i) {
    verdicts[i].denied = true;
    verdicts[i].approvers = 0;
    verdicts[i].marks.Clear();
  }
  if (question.giver < 0 || question.receiver < 0 || question.role < 0 || question.profile < 0 ||
      question.purpose < 0 || !question.well_named)
    return;
  Judging judging(*this, question, snapshot, day);
  judging.CheckRequest();
  for (size_t i = 0; i < question.count; ++i) {
    if (question.categories[i] >= 0) judging.Of(question.categories[i], verdicts[i]);
  }
}

}  // namespace derwent::policy
