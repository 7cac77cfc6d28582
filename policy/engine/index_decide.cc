#include <algorithm>

#include "policy/engine/agreements.h"
#include "policy/engine/index.h"

namespace derwent::policy {

// One question on its way through the index: the same steps as category.cc, grant.cc, subject.cc and routes.cc, on
// bits.
class Judging {
 public:
  Judging(const Index& index, const Interned& q, const Snapshot& snapshot, absl::CivilDay day)
      : x_(index), q_(q), snapshot_(snapshot), day_(day), b_(index.board_[q.profile]) {}

  // Whether the question as a whole is refused.
  bool Refused() {
    Scope();
    const bool refused = !Parties() || !Purpose() || !Papers() || !Case() || !Justified() || !Consented();
    return refused;
  }

  Verdict Of(int c) {
    v_ = {.denied = false, .form = x_.meeting_[c].fullest, .approvers = 0};
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
    if (v_.denied) v_.approvers = 0;
    return v_;
  }

 private:
  void Deny() { v_.denied = true; }
  void Reduce(Form form) {
    if (v_.denied || v_.form == form) return;
    const int8_t met = x_.meeting_[c_].meet[static_cast<int>(v_.form)][static_cast<int>(form)];
    if (met < 0) {
      v_.denied = true;
      v_.approvers = 0;
      return;
    }
    v_.form = static_cast<Form>(met);
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

  bool Parties() const {
    if ((q_.giver == q_.receiver) != inside_route()) return false;
    if (!x_.agency_[q_.giver]->valid.Hold(day_) || !x_.agency_[q_.receiver]->valid.Hold(day_)) return false;
    if (!inside_route() && (b_.senders >> x_.type_of_[q_.giver] & 1) == 0) return false;
    if (x_.type_[x_.type_of_[q_.giver]]->basis.empty() || x_.type_[x_.type_of_[q_.receiver]]->basis.empty())
      return false;
    if (!x_.role_days_[q_.role].Hold(day_)) return false;
    if (snapshot_.directories == nullptr) return true;
    return RoleHeld(snapshot_,
                    {.agency = x_.agency_[q_.receiver]->id,
                     .role = x_.role_names_[q_.role],
                     .area = q_.area < 0 ? absl::string_view() : absl::string_view(x_.area_names_[q_.area])},
                    day_);
  }

  bool Purpose() const {
    if (!x_.purpose_days_[q_.purpose].Hold(day_)) return false;
    switch (route_) {
      case Route::kAudit:
        return q_.purpose == x_.audit_purpose_ && (x_.audit_roles_ >> q_.role & 1) != 0;
      case Route::kRightsEvent:
        return q_.purpose == x_.rights_purpose_ && (x_.rights_roles_ >> q_.role & 1) != 0;
      case Route::kBreakGlass:
        return q_.purpose == x_.emergency_purpose_ && q_.role == x_.duty_officer_;
      case Route::kStatutoryRequest:
        if (!q_.document) return false;
        break;
      case Route::kOrdinary:
      case Route::kStatistics:
        break;
    }
    return (b_.purposes >> q_.purpose & 1) != 0 && limit_.named;
  }

  bool Papers() {
    if (inside_route()) return true;
    const Bits both = Bits{1} << q_.giver | Bits{1} << q_.receiver;
    for (size_t i = 0; i < b_.papers.size() && i < Interned::kMost; ++i) {
      const Index::Paper& paper = b_.papers[i];
      if ((paper.parties & both) != both || (paper.givers >> q_.giver & 1) == 0 || !Covered(paper) ||
          !paper.agreement->effective.Hold(day_) || Stopped(*paper.agreement))
        continue;
      if ((paper.signed_by & both) == both || snapshot_.take_agreements_as_signed) papers_ |= Bits{1} << i;
    }
    return papers_ != 0 || route_ == Route::kStatutoryRequest || route_ == Route::kStatistics;
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

  bool Case() const {
    if (route_ != Route::kOrdinary || q_.case_link != CaseLink::kNone || q_.direction == Direction::kPush) return true;
    if ((x_.depersonalised_ >> q_.purpose & 1) != 0) return true;
    return limit_.named && !limit_.case_scope && !open_case() && limit_.aggregate_or_narrative;
  }

  bool Justified() const {
    if (q_.justification) return true;
    if (q_.child_role || (q_.facts && (!q_.age_known || (q_.age > 0 && q_.age < 18)))) return false;
    for (size_t i = 0; i < q_.count; ++i) {
      if (q_.categories[i] < 0 || x_.meeting_[q_.categories[i]].harm >= 4) return false;
    }
    return true;
  }

  bool Consented() const {
    if (!matrix_route()) return true;
    if (q_.step_named && q_.step < 0) return false;
    if (!q_.facts) return true;  // Open.
    return std::all_of(x_.step_.begin(), x_.step_.end(),
                       [&](const Index::Step& step) { return !Binds(step) || Given(step); });
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
        if (bit_ == x_.aggregate_) return;
        if (bit_ == x_.identity_)
          Reduce(Form::kPseudonymise);
        else
          Deny();
        return;
      case Route::kRightsEvent:
        return Rights();
      case Route::kBreakGlass:
        if ((bit_ & x_.health_) != 0)
          Reduce(Form::kFlagOnly);
        else if ((bit_ & x_.break_glass_full_) == 0)
          Deny();
        break;
      case Route::kStatistics:
        if (bit_ != x_.aggregate_) Deny();
        [[fallthrough]];
      case Route::kOrdinary:
      case Route::kStatutoryRequest:
        Matrix();
    }
    Cap(q_.receiver);
  }
  void Rights() {
    if (!q_.has_event) return Deny();
    if (!q_.access) {
      if (!q_.fan_out) Deny();
      return;
    }
    const bool mixed = (q_.mixed & bit_) != 0;
    if (!mixed && (q_.own & bit_) == 0) return Deny();
    if (bit_ == x_.narrative_) {
      Reduce(Form::kSummarise);
      v_.approvers |= x_.ig_officer_;
    } else if (mixed) {
      Reduce(Form::kMask);
    }
  }
  void Matrix() {
    if (limit_.named && !limit_.case_scope && (limit_.categories & bit_) == 0) {
      if (open_case() && (b_.necessary & bit_) != 0)
        v_.approvers |= limit_.approver;
      else
        Deny();
    }
    if (by_organisation_ == 2) Product();
    if ((b_.necessary & bit_) != 0) return;
    if ((b_.conditional & bit_) == 0) return Deny();
    if ((q_.grounds & bit_) == 0) Deny();
    if ((b_.conditional_form & bit_) != 0) Reduce(b_.form[c_]);
    v_.approvers |= b_.approver[c_];
  }
  void Product() {
    if (q_.product < 0 || !b_.has_product[q_.product]) return Deny();
    const auto& [allow, child] = b_.products[q_.product];
    if ((allow & bit_) == 0) Deny();
    if (!q_.facts) return;
    if (q_.age <= 0 || (q_.age < 18) != child) Deny();
  }
  void Cap(int receiver) {
    const int8_t at = b_.cap_of[receiver];
    if (at < 0) return;
    const Index::Cap& cap = b_.caps[at];
    if ((cap.permit & bit_) != 0) return;
    if ((cap.redact & bit_) != 0) return Reduce(cap.form[c_]);
    if ((cap.approve & bit_) != 0)
      v_.approvers |= cap.approver[c_];
    else
      Deny();
  }

  void LastResorts() {
    const bool full = v_.form == Form::kFull;
    const bool harmful = matrix_route() && x_.meeting_[c_].harm >= 5 && full && (b_.necessary & bit_) == 0;
    if (v_.approvers == 0 && !v_.denied && (harmful || bit_ == x_.location_protected_)) v_.approvers |= x_.spoc_;
    if (bit_ == x_.narrative_ && full && v_.approvers == 0) Reduce(Form::kSummarise);
  }

  void Subject() {
    if (!q_.facts) return;
    if (!q_.flags_known) Deny();
    if (q_.unknown_flag || (q_.flags & b_.blocked_flags) != 0) Deny();
    for (Bits rest = q_.flags; rest != 0; rest &= rest - 1) HeedFlag(__builtin_ctzll(rest));
    if (matrix_route() && (q_.refused & bit_) != 0) Deny();
  }
  void HeedFlag(int number) {
    const Index::FlagRule& flag = x_.flag_[number];
    const bool spared = flag.spares_rights && route_ == Route::kRightsEvent;
    if ((flag.denies & bit_) != 0 && !spared) {
      if (q_.exception == number && q_.exception_ground)
        v_.approvers |= flag.exception_approver;
      else
        Deny();
    }
    if ((flag.reduces & bit_) != 0) Reduce(flag.form[c_]);
    if ((flag.approver_categories & bit_) != 0) v_.approvers |= flag.approver;
  }

  void Table() {
    if (!q_.has_table || bit_ != x_.aggregate_) return;
    if (q_.topic < 0) return Deny();
    if (q_.geography < x_.limit_[q_.topic].first || q_.period < x_.limit_[q_.topic].second) Reduce(Form::kGeneralise);
  }

  void Depersonalise() {
    if ((x_.depersonalised_ >> q_.purpose & 1) == 0) return;
    const bool apt = bit_ == x_.aggregate_ || bit_ == x_.fieldset_ || v_.form == Form::kAggregate ||
                     v_.form == Form::kPseudonymise || (bit_ == x_.narrative_ && v_.form == Form::kSummarise);
    if (!apt) Deny();
  }

  void Carry() {
    if (v_.denied || route_ == Route::kRightsEvent) return;
    const Bits reach =
        inside_route() ? ~Bits{0}
                       : b_.reach[static_cast<size_t>(q_.giver) * Interned::kMost + static_cast<size_t>(q_.receiver)];
    for (size_t i = 0; i < b_.carriers.size(); ++i) {
      const Index::Carrier& gateway = b_.carriers[i];
      if ((reach >> i & 1) == 0 || day_ < gateway.from || gateway.to < day_ ||
          (gateway.excluded_types >> x_.type_of_[q_.giver] & 1) != 0)
        continue;
      if (regimes_differ() && !gateway.transition) continue;
      if (((v_.form == Form::kAggregate ? gateway.aggregates : gateway.carries) & bit_) == 0) continue;
      if (q_.facts && gateway.needs_flags && (!q_.flags_known || (gateway.flags & q_.flags) != 0)) continue;
      return;
    }
    Deny();
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
      const OrganisationType& side = *x_.type_[x_.type_of_[agency]];
      if ((m.special && side.special_condition.empty()) || (m.offence && side.offence_condition.empty())) Deny();
    }
    for (Bits rest = papers_; rest != 0; rest &= rest - 1) {
      if (b_.papers[__builtin_ctzll(rest)].agreement->apd_review < day_) Deny();
    }
  }

  void Onward() {
    if (!q_.has_onward) return;
    if (q_.onward < 0 || !x_.agency_[q_.onward]->valid.Hold(day_)) return Deny();
    if (x_.meeting_[c_].harm >= 4 || q_.originator == Interned::Originator::kRefused) Deny();
    if (q_.originator != Interned::Originator::kGiven) v_.approvers |= x_.originator_;
    if (q_.controller) Cap(q_.onward);
  }

  void Overlays() {
    for (Bits rest = papers_; rest != 0; rest &= rest - 1) {
      const Index::Paper& paper = b_.papers[__builtin_ctzll(rest)];
      if ((paper.denies & bit_) != 0) Deny();
      for (const auto& [category, form] : paper.forms) {
        if (category == c_) Reduce(form);
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
  Verdict v_;
  int c_ = 0;
  Bits bit_ = 0;
};

void Index::Decide(const Interned& question, const Snapshot& snapshot, absl::CivilDay day,
                   std::array<Verdict, Interned::kMost>& verdicts) const {
  for (size_t i = 0; i < question.count; ++i) verdicts[i] = {};
  if (question.giver < 0 || question.receiver < 0 || question.role < 0 || question.profile < 0 ||
      question.purpose < 0 || !question.well_named)
    return;
  Judging judging(*this, question, snapshot, day);
  if (judging.Refused()) return;
  for (size_t i = 0; i < question.count; ++i) {
    if (question.categories[i] >= 0) verdicts[i] = judging.Of(question.categories[i]);
  }
}

}  // namespace derwent::policy
