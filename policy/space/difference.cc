#include "policy/space/difference.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/engine/evaluation.h"
#include "policy/engine/lattice.h"
#include "policy/space/cells.h"
#include "policy/space/space.h"

namespace derwent::policy {
namespace {

std::string Words(const CategoryOutcome& outcome) {
  if (outcome.denied) return "not shared";
  const std::string form = outcome.form_is_full ? "in full" : absl::StrCat("as ", FormName(outcome.form));
  return outcome.approvers.empty() ? form
                                   : absl::StrCat(form, " once ", absl::StrJoin(outcome.approvers, " and "), " agree");
}

bool Same(const CategoryOutcome& a, const CategoryOutcome& b) {
  return a.denied == b.denied &&
         (a.denied || (a.form == b.form && a.form_is_full == b.form_is_full && a.approvers == b.approvers));
}

bool Opens(const CategoryOutcome& was, const CategoryOutcome& now, const Category& category) {
  if (now.denied) return false;
  if (was.denied || !IsWithin(now.form, was.form, category)) return true;
  return !std::includes(now.approvers.begin(), now.approvers.end(), was.approvers.begin(), was.approvers.end());
}

std::string KindOf(const CategoryOutcome& now) {
  const absl::string_view shown = now.Shown();
  return shown == "DENY"      ? "no longer shared"
         : shown == "APPROVE" ? "newly approved"
         : shown == "REDACT"  ? "newly reduced"
                              : "newly shared";
}

bool SameFlag(const Flag& a, const Flag& b) {
  return std::tie(a.denies.patterns, a.reduces, a.approver, a.approver_categories.patterns, a.exception_grounds,
                  a.exception_approver, a.spares_rights_events) ==
         std::tie(b.denies.patterns, b.reduces, b.approver, b.approver_categories.patterns, b.exception_grounds,
                  b.exception_approver, b.spares_rights_events);
}

bool SameStep(const ConsentStep& a, const ConsentStep& b) {
  return std::tie(a.id, a.profile, a.receiver, a.product, a.subject_role, a.giver, a.giver_under_18) ==
         std::tie(b.id, b.profile, b.receiver, b.product, b.subject_role, b.giver, b.giver_under_18);
}

struct Labelled {
  Variation variation;
  std::vector<std::string> flags;  // More than one: together.
  std::string label;
};

class Comparison {
 public:
  Comparison(const Policy& was, const Policy& now, absl::CivilDay day,
             const std::optional<std::set<std::string>>& profiles)
      : was_(was), now_(now), space_({&was, &now}, day, profiles) {}

  std::vector<Difference> Run() {
    VaryFlags();
    VaryConsents();
    VaryCategories();
    for (const Context& context : space_.contexts()) Visit(context);
    std::vector<Difference> found;
    for (auto& [key, difference] : found_) found.push_back(std::move(difference));
    std::stable_sort(found.begin(), found.end(), [](const Difference& a, const Difference& b) {
      return std::make_tuple(!(a.opens && a.sensitive), !a.opens, std::cref(a.receiver), std::cref(a.category)) <
             std::make_tuple(!(b.opens && b.sensitive), !b.opens, std::cref(b.receiver), std::cref(b.category));
    });
    return found;
  }

 private:
  using Outcomes = std::vector<CategoryOutcome>;
  using Both = std::pair<Outcomes, Outcomes>;

  void Add(std::string label, Variation variation, std::vector<std::string> flags = {}) {
    labelled_.push_back({.variation = std::move(variation), .flags = std::move(flags), .label = std::move(label)});
  }

  // Flags that the two policies do not see alike, and pairs of those that do not deny outright.
  void VaryFlags() {
    std::set<std::string> ids;
    for (const Policy* policy : {&was_, &now_}) {
      for (const auto& [id, flag] : policy->flags) ids.insert(id);
    }
    std::vector<std::string> graded;
    bool differ = false;
    for (const std::string& id : ids) {
      const bool alike = SeenAlike(id);
      differ = differ || !alike;
      if (IsGraded(was_, id) || IsGraded(now_, id)) graded.push_back(id);
      if (!alike) AddFlag(id);
    }
    for (size_t i = 0; differ && i < graded.size(); ++i) {
      for (size_t j = i + 1; j < graded.size(); ++j)
        Add(absl::StrCat("with flags ", graded[i], " and ", graded[j]), {.flag = graded[i]}, {graded[i], graded[j]});
    }
  }

  // Whether the policy knows the flag and it does not deny outright.
  static bool IsGraded(const Policy& policy, const std::string& id) {
    const auto flag = policy.flags.find(id);
    if (flag == policy.flags.end()) return false;
    return flag->second.denies.patterns != std::vector<std::string>{"*"} || !flag->second.exception_grounds.empty();
  }

  void AddFlag(const std::string& id) {
    Add(absl::StrCat("with flag ", id), {.flag = id}, {id});
    for (const Policy* policy : {&was_, &now_}) {
      const auto flag = policy->flags.find(id);
      if (flag == policy->flags.end()) continue;
      for (const std::string& ground : flag->second.exception_grounds)
        Add(absl::StrCat("with flag ", id, " and the exception ", ground),
            {.flag = id, .exception = absl::StrCat(id, "=", ground)}, {id});
    }
  }

  bool SeenAlike(const std::string& id) const {
    const auto was = was_.flags.find(id);
    const auto now = now_.flags.find(id);
    return was != was_.flags.end() && now != now_.flags.end() && SameFlag(was->second, now->second) && BlockedAlike(id);
  }

  // Whether profiles and gateways read the flag alike.
  bool BlockedAlike(const std::string& flag) const {
    for (const auto& [id, profile] : was_.profiles) {
      const auto other = now_.profiles.find(id);
      if (other != now_.profiles.end() &&
          profile.blocked_flags.contains(flag) != other->second.blocked_flags.contains(flag))
        return false;
    }
    const auto excluded = [&](const Policy& policy) {
      std::set<std::string> by;
      for (const auto& [id, gateway] : policy.gateways) {
        if (gateway.excludes_flags.contains(flag)) by.insert(id);
      }
      return by;
    };
    return excluded(was_) == excluded(now_);
  }

  // Consent steps that the two policies do not have alike.
  void VaryConsents() {
    for (const Policy* policy : {&was_, &now_}) {
      const std::vector<ConsentStep>& others = (policy == &was_ ? now_ : was_).consent_steps;
      for (const ConsentStep& step : policy->consent_steps) {
        if (std::none_of(others.begin(), others.end(), [&](const ConsentStep& other) { return SameStep(step, other); }))
          changed_steps_.push_back(step);
      }
    }
    std::set<std::string> roles;
    for (const ConsentStep& step : changed_steps_) roles.insert({"", step.subject_role});
    for (const std::string& role : roles) {
      for (const char* age : {"CHILD", "ADULT", "UNKNOWN"}) {
        for (const char* consents : {"NONE", "SUBJECT", "GUARDIAN"}) {
          Add(absl::StrCat("age ", age, ", consent ", consents, role.empty() ? "" : ", about a ", role),
              {.subject_role = role, .age = age, .consents = consents});
        }
      }
    }
  }

  // A question on which no changed step hangs does not see who consents.
  bool Idle(const Variation& variation, const DecisionRequest& question) const {
    return !variation.consents.empty() && std::none_of(changed_steps_.begin(), changed_steps_.end(),
                                                       [&](const ConsentStep& step) { return Binds(step, question); });
  }

  // Grounds and cases always; a note and passing on where harm differs.
  void VaryCategories() {
    Add("without its ground", {.missing = "GROUND"});
    Add("without a case", {.missing = "CASE_LINK"});
    for (const auto& [id, category] : now_.categories) {
      const Category* const other = was_.FindCategory(id);
      if (other != nullptr && (other->harm >= 4) == (category.harm >= 4)) continue;
      Add("without a note", {.missing = "JUSTIFICATION"});
      Add("to be passed on", {.onward = absl::StrCat(now_.organisations.begin()->first, "=PROCESSOR=given")});
      return;
    }
  }

  Both Ask(const DecisionRequest& question) const {
    return {DecideOpen(question, was_, space_.day()), DecideOpen(question, now_, space_.day())};
  }

  void Visit(const Context& context) {
    DecisionRequest question = space_.Question(context);
    question.categories = context.open;
    const Both in_order = Ask(question);
    Note(context, in_order, {}, "");
    for (const Labelled& next : labelled_) {
      DecisionRequest varied = question;
      Vary(next.variation, varied);
      if (Idle(next.variation, varied)) continue;
      if (next.flags.size() > 1 && varied.facts.has_value()) varied.facts->flags = next.flags;
      Note(context, Ask(varied), in_order, next.label);
    }
  }

  static CategoryOutcome At(const Outcomes& outcomes, size_t i) {
    return i < outcomes.size() ? outcomes[i] : CategoryOutcome{.category = "", .denied = true};
  }

  void Note(const Context& context, const Both& both, const Both& in_order, const std::string& when) {
    for (size_t i = 0; i < context.open.size(); ++i) {
      const CategoryOutcome was = At(both.first, i);
      const CategoryOutcome now = At(both.second, i);
      if (Same(was, now)) continue;
      const CategoryOutcome was_in_order = At(in_order.first, i);
      const CategoryOutcome now_in_order = At(in_order.second, i);
      const bool said = !when.empty() && !Same(was_in_order, now_in_order) && was.denied == was_in_order.denied &&
                        now.denied == now_in_order.denied;
      if (said) continue;  // The same step, in another form.
      for (const Parties& parties : *context.parties)
        Record(context, context.open[i], parties, was, now, When(context, when));
    }
  }

  static std::string When(const Context& context, const std::string& varied) {
    if (!context.says_whom) return varied;
    return absl::StrCat("to say whom a written request is about", varied.empty() ? "" : ", ", varied);
  }

  const Category& CategoryOf(const std::string& id) const {
    return *(now_.FindCategory(id) != nullptr ? now_.FindCategory(id) : was_.FindCategory(id));
  }

  void Record(const Context& context, const std::string& id, const Parties& parties, const CategoryOutcome& was,
              const CategoryOutcome& now, const std::string& when) {
    const std::string before = Words(was);
    const std::string after = Words(now);
    Difference& difference = found_[{parties.second, id, context.profile, before, after, when}];
    const Category* const old_category = was_.FindCategory(id);
    const Category& category = CategoryOf(id);
    difference.receiver = parties.second;
    difference.category = id;
    difference.profile = context.profile;
    difference.kind = KindOf(now);
    difference.was = before;
    difference.now = after;
    difference.when = when;
    difference.opens = Opens(was, now, category);
    difference.sensitive = category.special || category.offence ||
                           (old_category != nullptr && (old_category->special || old_category->offence));
    difference.givers.insert(parties.first);
    difference.roles.insert(context.roles->begin(), context.roles->end());
    difference.purposes.insert(context.purposes->begin(), context.purposes->end());
  }

  const Policy& was_;
  const Policy& now_;
  const Space space_;
  std::vector<ConsentStep> changed_steps_;
  std::vector<Labelled> labelled_;
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>, Difference> found_;
};

// Adds whom of an agreement's parties a profile lets give.
void AddGivers(const Policy& policy, const Agreement& agreement, const std::string& profile,
               std::set<std::string>& givers) {
  const auto adopted = policy.profiles.find(profile);
  if (adopted == policy.profiles.end()) return;
  for (const std::string& party : agreement.givers.empty() ? agreement.parties : agreement.givers) {
    if (adopted->second.senders.contains(policy.organisations.at(party).type)) givers.insert(party);
  }
}

// Under the profile; under any, where `of` is none.
std::set<std::string> GiversUnder(const Policy& policy, const std::string& of, absl::CivilDay day) {
  std::set<std::string> givers;
  for (const Agreement& agreement : policy.agreements) {
    if (agreement.effective.last < day) continue;
    for (const std::string& profile : agreement.profiles) {
      if (profile == of || !policy.profiles.contains(of)) AddGivers(policy, agreement, profile, givers);
    }
  }
  return givers;
}

// Whether the releases tell what the difference changes.
bool Shown(const HandlingDifference& difference, const std::vector<Difference>& releases, const Policy& policy) {
  if (!difference.decided) return false;
  return std::any_of(releases.begin(), releases.end(), [&](const Difference& release) {
    return release.profile == difference.of || !policy.profiles.contains(difference.of);
  });
}

}  // namespace

bool Differences::opens() const {
  return std::any_of(releases.begin(), releases.end(), [](const Difference& d) { return d.opens; }) ||
         std::any_of(handling.begin(), handling.end(), [](const HandlingDifference& d) { return d.loosens(); });
}

std::vector<Difference> CompareReleases(const Policy& was, const Policy& now, absl::CivilDay day,
                                        const std::optional<std::set<std::string>>& profiles) {
  return Comparison(was, now, day, profiles).Run();
}

Differences Compare(const Edition& was, const Edition& now, absl::CivilDay day,
                    const std::optional<std::set<std::string>>& profiles) {
  Differences found{.releases = CompareReleases(was.policy, now.policy, day, profiles), .handling = {}};
  for (HandlingDifference& difference : CompareText(was.files, now.files)) {
    if (Shown(difference, found.releases, now.policy)) continue;
    if (difference.decided) difference.what += ", which changes no decision";
    difference.givers = GiversUnder(now.policy, difference.of, day);
    found.handling.push_back(std::move(difference));
  }
  return found;
}

}  // namespace derwent::policy
