#include "policy/engine/lattice.h"

#include <algorithm>
#include <iterator>

namespace derwent::policy {
namespace {

void Unite(std::vector<Reason>& into, const std::vector<Reason>& more) {
  for (const Reason& reason : more) {
    if (std::find(into.begin(), into.end(), reason) == into.end()) into.push_back(reason);
  }
  std::sort(into.begin(), into.end());
}

template <typename T>
void Keep(std::set<T>& mine, const std::set<T>& other) {
  std::set<T> both;
  std::set_intersection(mine.begin(), mine.end(), other.begin(), other.end(), std::inserter(both, both.begin()));
  mine = std::move(both);
}

void IntersectCategory(CategoryOutcome& mine, const CategoryOutcome& other, const Category* category) {
  Unite(mine.reasons, other.reasons);
  Keep(mine.open, other.open);
  mine.approvers.insert(other.approvers.begin(), other.approvers.end());
  if (mine.denied || other.denied || category == nullptr) {
    mine.denied = true;
    mine.approvers.clear();
    return;
  }
  MeetForm(mine, other.form, *category, {.code = ReasonCode::kReducedForm, .rule = "intersection"});
}

}  // namespace

void MeetForm(CategoryOutcome& outcome, Form form, const Category& category, const Reason& why) {
  if (outcome.denied || outcome.form == form) return;
  const std::optional<Form> met = category.Meet(outcome.form, form);
  if (!met.has_value()) {
    outcome.denied = true;
    outcome.approvers.clear();
    outcome.reasons.push_back({.code = ReasonCode::kFormsDoNotMeet, .rule = why.rule});
    return;
  }
  if (*met != outcome.form) outcome.reasons.push_back(why);
  outcome.form = *met;
  outcome.form_is_full = category.CountsAsFull(*met);
}

bool IsWithin(Form given, Form decided, const Category& category) {
  if (given == decided) return true;
  const std::optional<Form> met = category.Meet(given, decided);
  return met.has_value() && *met == given;
}

Decision Intersect(const Decision& a, const Decision& b, const Policy& policy) {
  Decision both = a;
  for (CategoryOutcome& mine : both.categories) {
    const auto other = std::find_if(b.categories.begin(), b.categories.end(),
                                    [&](const CategoryOutcome& c) { return c.category == mine.category; });
    if (other == b.categories.end()) {
      mine.denied = true;
      mine.approvers.clear();
    } else {
      IntersectCategory(mine, *other, policy.FindCategory(mine.category));
    }
  }
  Keep(both.gateways, b.gateways);
  both.obligations.insert(b.obligations.begin(), b.obligations.end());
  both.marking = policy.StricterMarking(a.marking, b.marking);
  both.existence_sensitive = a.existence_sensitive || b.existence_sensitive;
  for (const auto& [step, hours] : b.clock_hours) {
    const auto [mine, added] = both.clock_hours.emplace(step, hours);
    if (!added) mine->second = std::min(mine->second, hours);
  }
  if (a.agreement != b.agreement) both.agreement.clear();
  return both;
}

absl::string_view Decision::Overall() const {
  bool pending = false;
  bool released = false;
  bool less = false;
  for (const CategoryOutcome& outcome : categories) {
    const absl::string_view shown = outcome.Shown();
    pending = pending || shown == "APPROVE";
    released = released || shown == "PERMIT" || shown == "REDACT";
    less = less || shown == "DENY" || shown == "REDACT";
  }
  if (pending) return "PENDING";
  if (!released) return "DENY";
  return less ? "PARTIAL" : "PERMIT";
}

}  // namespace derwent::policy
