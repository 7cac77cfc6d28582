#pragma once

#include "policy/engine/index.h"

namespace derwent::policy {

// One question on its way through the index: the same steps as category.cc, grant.cc, subject.cc and routes.cc, on
// bits. Each rule that decides leaves its mark.
class Judging {
 public:
  Judging(const Index& index, const Interned& q, const Snapshot& snapshot, absl::CivilDay day)
      : x_(index), q_(q), snapshot_(snapshot), day_(day), b_(index.board_[q.profile]) {}

  // What the question as a whole is refused for; kept for each category.
  void CheckRequest();
  void Of(int c, Verdict& verdict);

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
  bool compelled() const { return route_ == Route::kStatutoryRequest && papers_ == 0; }
  bool says_whom() const { return compelled() && q_.says_whom; }
  int answerer() const { return says_whom() ? q_.receiver : q_.giver; }
  int asker() const { return says_whom() ? q_.giver : q_.receiver; }
  bool inside_route() const { return route_ == Route::kRightsEvent || route_ == Route::kAudit; }
  bool open_case() const { return limit_.open_case && q_.case_link != CaseLink::kNone; }

  // judging_request.cc.
  void Scope();
  void Parties();
  bool Held() const;
  void Purpose();
  void Inside(int purpose, Bits roles);
  void Papers();
  bool Covered(const Index::Paper& paper) const;
  bool Stopped(const Agreement& agreement) const;
  void Case();
  void Basis();
  void Justified();
  void Consented();
  void NamedStep();
  // Or may be, where flags are not known.
  bool withdrawn() const;
  // By whoever's consent the step takes, and not withdrawn.
  bool Given(const Index::Step& step) const;
  bool Binds(const Index::Step& step) const;

  // judging_category.cc.
  void Grant();
  void Rights();
  void InScope();
  void Product();
  void Matrix();
  void OfAChild();
  void Cap(int receiver);
  void LastResorts();
  void Subject();
  void HeedFlag(int number);
  void Table();
  void Depersonalise();
  void Carry();
  bool Carries(const Index::Carrier& gateway) const;
  // Carriers that name the two between whom it passes.
  Bits reach() const;
  bool use_limited() const;
  bool UnderPart3(int agency) const;
  bool regimes_differ() const;

  void Footing();
  void Onward();
  void Overlays();

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

}  // namespace derwent::policy
