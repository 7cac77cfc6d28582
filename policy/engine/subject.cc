#include "absl/strings/str_cat.h"

#include "policy/engine/deciding.h"

namespace derwent::policy {
namespace {

void OneFlag(Deciding& d, const Flag& flag) {
  const std::string place = absl::StrCat("flags/", flag.id);
  const bool spared = flag.spares_rights_events && d.e.route == Route::kRightsEvent;
  const bool restricts = !flag.exception_grounds.empty();
  if (flag.denies.Matches(d.category.id) && !spared) {
    const bool claimed =
        d.e.request.exception_flag == flag.id && flag.exception_grounds.contains(d.e.request.exception_ground);
    if (claimed)
      d.Approve(flag.exception_approver, place);
    else
      d.Deny(restricts ? ReasonCode::kSubjectRestricted : ReasonCode::kSubjectFlag, place);
  }
  for (const auto& [category, form] : flag.reduces) {
    if (category == d.category.id) d.Reduce(form, place);
  }
  if (!flag.approver.empty() && flag.approver_categories.Matches(d.category.id)) d.Approve(flag.approver, place);
}

void Flags(Deciding& d, const SubjectFacts& facts) {
  if (!facts.flags.has_value()) return d.Deny(ReasonCode::kFactsUnknown, "flags");
  for (const std::string& id : *facts.flags) {
    const auto flag = d.e.policy.flags.find(id);
    if (flag == d.e.policy.flags.end()) {
      d.Deny(ReasonCode::kFactsUnknown, "flags");
      continue;
    }
    OneFlag(d, flag->second);
    if (d.e.profile->blocked_flags.contains(id)) d.Deny(ReasonCode::kSubjectFlag, "blocked_flags");
  }
}

void Refusals(Deciding& d, const SubjectFacts& facts) {
  if (!d.e.matrix_route()) return;
  for (const Consent& consent : facts.consents) {
    if (consent.step == d.category.id && !consent.given)
      d.Deny(ReasonCode::kConsentMissing, absl::StrCat("consents/", consent.step));
  }
}

}  // namespace

void HeedSubject(Deciding& d) {
  if (!d.e.request.facts.has_value()) return;  // `flags` is open.
  Flags(d, *d.e.request.facts);
  Refusals(d, *d.e.request.facts);
}

}  // namespace derwent::policy
