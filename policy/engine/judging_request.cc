#include <algorithm>

#include "policy/engine/agreements.h"
#include "policy/engine/judging.h"

// What a question as a whole is refused for.

namespace derwent::policy {

void Judging::CheckRequest() {
  Scope();
  Papers();
  Parties();
  Purpose();
  Case();
  Basis();
  Justified();
  Consented();
  refused_ = refusals_.size() > 0;
}

void Judging::Scope() {
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

void Judging::Parties() {
  if ((q_.giver == q_.receiver) != inside_route()) Refuse(ReasonCode::kRecipientNotParty, Place::kParties);
  for (const int agency : {q_.giver, q_.receiver}) {
    if (!x_.agency_[agency]->valid.Hold(day_)) Refuse(ReasonCode::kRecipientNotParty, Place::kOrganisation, agency);
  }
  if (!inside_route() && (b_.senders >> x_.type_of_[answerer()] & 1) == 0)
    Refuse(ReasonCode::kSenderNotPermitted, Place::kSenders);
  if (!Held()) Refuse(ReasonCode::kRoleNotEntitled, Place::kDirectory);
}

bool Judging::Held() const {
  if (!x_.role_days_[q_.role].Hold(day_)) return false;
  if (snapshot_.directories == nullptr) return true;
  const std::string board = b_.profile->board();
  return RoleHeld(snapshot_,
                  {.agency = x_.agency_[q_.receiver]->id,
                   .role = x_.role_names_[q_.role],
                   .board = board,
                   .area = q_.area < 0 ? absl::string_view() : absl::string_view(x_.area_names_[q_.area])},
                  day_);
}

void Judging::Purpose() {
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

void Judging::Inside(int purpose, Bits roles) {
  if (q_.purpose != purpose) Refuse(ReasonCode::kPurposeNotPermitted, Place::kPurposes);
  if ((roles >> q_.role & 1) == 0) Refuse(ReasonCode::kRoleNotEntitled, Place::kRoles);
}

void Judging::Papers() {
  if (inside_route()) return;
  const Bits both = Bits{1} << q_.giver | Bits{1} << q_.receiver;
  bool ended = false, elsewhere = false, unsigned_ = false;
  for (size_t i = 0; i < b_.papers.size(); ++i) {
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

bool Judging::Covered(const Index::Paper& paper) const {
  return q_.area >= 0 && x_.area_days_[q_.area].Hold(day_) &&
         std::any_of(paper.covers.begin(), paper.covers.end(),
                     [&](const auto& whole) { return (whole.second >> q_.area & 1) != 0 && whole.first.Hold(day_); });
}

bool Judging::Stopped(const Agreement& agreement) const {
  return std::any_of(agreement.notices.begin(), agreement.notices.end(), [&](const Notice& notice) {
    return notice.from <= day_ && (notice.removes.empty() || notice.removes == x_.agency_[q_.giver]->id ||
                                   notice.removes == x_.agency_[q_.receiver]->id);
  });
}

void Judging::Case() {
  if (route_ != Route::kOrdinary || q_.case_link != CaseLink::kNone || q_.direction == Direction::kPush) return;
  if ((x_.depersonalised_ >> q_.purpose & 1) != 0) return;
  if (!(limit_.named && !limit_.case_scope && !open_case() && limit_.aggregate_or_narrative))
    Refuse(ReasonCode::kCaseLinkRequired, Place::kCaseLink);
}

void Judging::Basis() {
  if (x_.type_[x_.type_of_[q_.giver]]->basis.empty() || x_.type_[x_.type_of_[q_.receiver]]->basis.empty())
    Refuse(ReasonCode::kLawfulBasisMissing, Place::kBasis);
}

void Judging::Justified() {
  if (q_.justification) return;
  bool needed = q_.child_role || (q_.facts && (!q_.age_known || (q_.age > 0 && q_.age < 18)));
  for (size_t i = 0; i < q_.count && !needed; ++i)
    needed = q_.categories[i] < 0 || x_.meeting_[q_.categories[i]].harm >= 4;
  if (needed) Refuse(ReasonCode::kJustificationRequired, Place::kProportionality);
}

void Judging::Consented() {
  if (!matrix_route()) return;
  if (!q_.facts) return;  // Open.
  NamedStep();
  for (size_t i = 0; i < x_.step_.size(); ++i) {
    if (Binds(x_.step_[i]) && !Given(x_.step_[i]))
      Refuse(ReasonCode::kConsentMissing, Place::kConsentStep, static_cast<int>(i));
  }
}

void Judging::NamedStep() {
  using enum Interned::NamedStep;
  if (q_.named_step == kKnown) return;
  if (q_.named_step == kNotOnRecord)
    Refuse(ReasonCode::kUnknownName, Place::kStep);
  else if (q_.named_step == kRefused || withdrawn())
    Refuse(ReasonCode::kConsentMissing, Place::kStep);
}

bool Judging::withdrawn() const {
  return !q_.flags_known || (x_.consent_withdrawn_ >= 0 && (q_.flags >> x_.consent_withdrawn_ & 1) != 0);
}

bool Judging::Given(const Index::Step& step) const {
  if (withdrawn()) return false;
  const bool own = ((step.by_guardian ? q_.guardian_gave : q_.subject_gave) >> step.number & 1) != 0;
  const bool guardians = ((step.child_by_guardian ? q_.guardian_gave : q_.subject_gave) >> step.number & 1) != 0;
  return q_.age >= 18 ? own : guardians && (q_.age > 0 || own);
}

bool Judging::Binds(const Index::Step& step) const {
  if (q_.step == step.number) return true;
  if (!step.binds || step.nobody || (step.subject_role >= 0 && step.subject_role != q_.subject_role)) return false;
  return (step.profiles >> q_.profile & 1) != 0 && (step.receiver < 0 || step.receiver == q_.receiver) &&
         (step.product < 0 || step.product == q_.product);
}

}  // namespace derwent::policy
