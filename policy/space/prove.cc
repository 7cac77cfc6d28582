#include "policy/space/prove.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "policy/engine/decide.h"
#include "policy/loader/record.h"
#include "policy/space/cells.h"
#include "policy/space/handled.h"
#include "policy/space/stand_ins.h"
#include "trust/base/london.h"

namespace derwent::policy {
namespace {

Policy WithoutOverlaid(Policy policy) {
  std::erase_if(policy.agreements, [](const Agreement& agreement) { return !agreement.overlays.empty(); });
  return policy;
}

// One assertion on its way over the space.
class Check {
 public:
  // `plain`: the policy without agreements that have overlays.
  Check(const v1::Assertion& assertion, const Policy& policy, const Policy& plain, const Space& space)
      : assertion_(assertion),
        policy_(policy),
        plain_(plain),
        space_(space),
        selection_(assertion, policy),
        variations_(VariationsOf(assertion.where())) {}

  Proof Run() {
    for (const Context& context : space_.contexts()) {
      Visit(context);
      if (proof_.counterexample.has_value() || possible_) break;
    }
    if (assertion_.possible() && !possible_) {
      proof_.holds = false;
      proof_.why = "nothing that it selects is ever released";
    }
    return std::move(proof_);
  }

 private:
  // Categories selected for the same member are asked together.
  void Visit(const Context& context) {
    if (assertion_.overlays_tighten() && !Overlaid(context.profile)) return;
    std::map<std::tuple<const std::string*, const Parties*, const std::string*, const std::string*>,
             std::vector<std::string>>
        selected;
    for (const std::string& id : context.open) {
      const std::optional<Member> member = selection_.Find(context, *policy_.FindCategory(id));
      if (member.has_value()) selected[{member->area, member->parties, member->role, member->purpose}].push_back(id);
    }
    for (const auto& [member, categories] : selected) {
      DecisionRequest question =
          space_.Question(context, *std::get<1>(member), *std::get<2>(member), *std::get<3>(member));
      question.area = *std::get<0>(member);
      question.categories = categories;
      told_.clear();
      if (assertion_.silent()) {
        for (const std::string& category : categories) told_.push_back(ToldOf(question, category));
      }
      for (const Variation& variation : variations_) Ask(question, variation);
    }
  }

  void Ask(DecisionRequest question, const Variation& variation) {
    if (proof_.counterexample.has_value()) return;
    proof_.cells += question.categories.size();
    Vary(variation, question);
    if (assertion_.silent()) return Silent(question);
    if (assertion_.has_handled() || !assertion_.given_on().empty() || !assertion_.received_on().empty())
      return OfTheWhole(question);
    for (const CategoryOutcome& outcome : DecideOpen(question, policy_, space_.day())) {
      if (outcome.denied) continue;
      possible_ = possible_ || assertion_.possible();
      const std::string wrong = Wrong(question, outcome);
      if (!wrong.empty()) return Refute(question, outcome.category, wrong);
    }
  }

  void Refute(DecisionRequest question, const std::string& category, std::string why) {
    question.categories = {category};
    proof_.holds = false;
    proof_.why = std::move(why);
    proof_.counterexample = std::move(question);
  }

  // What is wrong with a release; empty: nothing.
  std::string Wrong(const DecisionRequest& question, const CategoryOutcome& outcome) const {
    if (assertion_.never()) return Released(outcome);
    if (!assertion_.forms().empty()) return WrongForm(outcome);
    if (!assertion_.approvers().empty()) return WrongApproval(outcome);
    for (const std::string& role : assertion_.not_approvers()) {
      if (outcome.approvers.contains(role)) return absl::StrCat(Released(outcome), " once ", role, " agrees");
    }
    if (assertion_.overlays_tighten()) return Loosened(question, outcome);
    if (assertion_.footed() || !assertion_.not_by_gateways().empty()) return WrongFooting(question, outcome);
    return "";
  }

  static std::string Released(const CategoryOutcome& outcome) {
    return absl::StrCat("`", outcome.category, "` is released in form ", FormName(outcome.form));
  }

  std::string WrongForm(const CategoryOutcome& outcome) const {
    const auto& forms = assertion_.forms();
    const bool fits = std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
      return form == FormName(outcome.form) || (form == "full" && outcome.form_is_full);
    });
    return fits ? "" : Released(outcome);
  }

  std::string WrongApproval(const CategoryOutcome& outcome) const {
    const auto& approvers = assertion_.approvers();
    const bool asked = std::any_of(approvers.begin(), approvers.end(), [&](const std::string& role) {
      return role == "*" ? !outcome.approvers.empty() : outcome.approvers.contains(role);
    });
    if (asked) return "";
    if (outcome.approvers.empty()) return absl::StrCat(Released(outcome), " with nobody to agree");
    return absl::StrCat(Released(outcome), " once ", absl::StrJoin(outcome.approvers, " and "), " agree");
  }

  std::string WrongFooting(DecisionRequest question, const CategoryOutcome& outcome) const {
    question.categories = {outcome.category};
    const Decision decision = DecideOn(question);
    for (const std::string& gateway : assertion_.not_by_gateways()) {
      if (decision.gateways.contains(gateway)) return absl::StrCat("`", outcome.category, "` rests on ", gateway);
    }
    if (!assertion_.footed()) return "";
    if (decision.gateways.empty() && decision.route != Route::kRightsEvent)
      return absl::StrCat("`", outcome.category, "` has no gateway");
    const Category& category = *policy_.FindCategory(outcome.category);
    for (const char* side : {"sender", "recipient"}) {
      if (decision.bases.at(side).empty()) return absl::StrCat("the ", side, " has no basis");
      const bool needs =
          decision.regimes.at(side) == "PART_3" ? category.sensitive : category.special || category.offence;
      if (needs && decision.conditions.at(side).empty())
        return absl::StrCat("the ", side, " has no condition for `", outcome.category, "`");
    }
    return "";
  }

  // What a decision says of all that it releases.
  void OfTheWhole(const DecisionRequest& question) {
    const Decision decision = DecideOn(question);
    const auto released = std::find_if(decision.categories.begin(), decision.categories.end(),
                                       [](const CategoryOutcome& outcome) { return !outcome.denied; });
    if (released == decision.categories.end()) return;
    const std::string wrong =
        assertion_.has_handled()
            ? Mishandled(assertion_.handled(), policy_.profiles.at(question.profile), decision, policy_)
            : WrongBasis(decision);
    if (!wrong.empty()) Refute(question, released->category, wrong);
  }

  std::string WrongBasis(const Decision& decision) const {
    const bool given = !assertion_.given_on().empty();
    const auto& wanted = given ? assertion_.given_on() : assertion_.received_on();
    const std::string side = given ? "sender" : "recipient";
    std::vector<std::string> grounds = absl::StrSplit(decision.conditions.at(side), ' ', absl::SkipEmpty());
    grounds.push_back(decision.bases.at(side));
    grounds.push_back(decision.regimes.at(side));
    const bool any = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& ground) {
      return std::find(grounds.begin(), grounds.end(), ground) != grounds.end();
    });
    return any ? "" : absl::StrCat("the ", side, " rests on ", absl::StrJoin(grounds, ", "));
  }

  bool Overlaid(const std::string& profile) const {
    return std::any_of(policy_.agreements.begin(), policy_.agreements.end(), [&](const Agreement& agreement) {
      return !agreement.overlays.empty() && agreement.profiles.contains(profile);
    });
  }

  // What agreements with overlays open: a release that the others alone would not give, or not so.
  std::string Loosened(DecisionRequest question, const CategoryOutcome& outcome) const {
    question.categories = {outcome.category};
    const std::string released = absl::StrCat("`", outcome.category, "` is released in form ", FormName(outcome.form));
    const std::vector<CategoryOutcome> without = DecideOpen(question, plain_, space_.day());
    if (without.empty() || without[0].denied) return absl::StrCat(released, ", without overlaid agreements not at all");
    const Category& category = *policy_.FindCategory(outcome.category);
    const bool narrower = category.Meet(without[0].form, outcome.form) == outcome.form;
    const bool asked = std::includes(outcome.approvers.begin(), outcome.approvers.end(), without[0].approvers.begin(),
                                     without[0].approvers.end());
    return narrower && asked ? "" : absl::StrCat(released, ", without overlaid agreements more strictly");
  }

  // What the asker is told of the category alone.
  std::string ToldOf(DecisionRequest question, const std::string& category) const {
    question.categories = {category};
    return ForAsker(DecideOn(question)).SerializeAsString();
  }

  void Silent(const DecisionRequest& varied) {
    for (size_t i = 0; i < varied.categories.size(); ++i) {
      const std::string& category = varied.categories[i];
      if (ToldOf(varied, category) != told_[i])
        return Refute(varied, category, absl::StrCat("of `", category, "` the asker is told something else"));
    }
  }

  Decision DecideOn(const DecisionRequest& question) const {
    return Decide(question, {.policy = &policy_, .directories = nullptr, .take_agreements_as_signed = true},
                  NoonOf(space_.day()));
  }
  static absl::Time NoonOf(absl::CivilDay day) {
    return absl::FromCivil(absl::CivilHour(day) + 12, absl::UTCTimeZone());
  }

  const v1::Assertion& assertion_;
  const Policy& policy_;
  const Policy& plain_;
  const Space& space_;
  Selection selection_;
  const std::vector<Variation> variations_;
  std::vector<std::string> told_;  // Of each category when all is in order; only for `silent`.
  Proof proof_;
  bool possible_ = false;
};

}  // namespace

Prover::Prover(const Policy& policy, absl::CivilDay day)
    : policy_(WithStandIns(policy)), plain_(WithoutOverlaid(policy_)), day_(day) {}

const Space& Prover::SpaceOn(absl::CivilDay day) {
  std::unique_ptr<Space>& space = spaces_[day];
  if (space == nullptr) space = std::make_unique<Space>(std::vector<const Policy*>{&policy_}, day);
  return *space;
}

absl::CivilDay Prover::DayOf(const v1::Assertion& assertion) const {
  const absl::StatusOr<absl::CivilDay> named = ParseDay(assertion.where().on());
  return named.ok() ? *named : day_;
}

Proof Prover::Prove(const v1::Assertion& assertion) {
  return Check(assertion, policy_, plain_, SpaceOn(DayOf(assertion))).Run();
}

}  // namespace derwent::policy
