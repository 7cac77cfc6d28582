#include "policy/space/space.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "policy/engine/agreements.h"
#include "policy/engine/evaluation.h"

namespace derwent::policy {
namespace {

constexpr Route kRoutes[] = {Route::kOrdinary,   Route::kBreakGlass,  Route::kStatutoryRequest,
                             Route::kStatistics, Route::kRightsEvent, Route::kAudit};

// Names of all policies, each once.
template <typename Names>
std::set<std::string> Union(const std::vector<const Policy*>& policies, Names names) {
  std::set<std::string> all;
  for (const Policy* policy : policies) {
    for (const auto& entry : names(*policy)) {
      if constexpr (requires { entry.first; })
        all.insert(entry.first);
      else
        all.insert(entry);
    }
  }
  return all;
}

std::set<std::string> GroundsOf(const std::string& id, const std::vector<const Policy*>& policies) {
  std::set<std::string> grounds;
  for (const Policy* policy : policies) {
    const auto profile = policy->profiles.find(id);
    if (profile == policy->profiles.end()) continue;
    for (const auto& [category, conditional] : profile->second.conditional)
      grounds.insert(absl::StrCat(id, ".", category));
  }
  return grounds;
}

// Whether an open case gives the context's role more than it has without.
bool OpenCaseMatters(const Context& context, const std::vector<const Policy*>& policies) {
  return std::any_of(policies.begin(), policies.end(), [&](const Policy* policy) {
    const auto profile = policy->profiles.find(context.profile);
    if (profile == policy->profiles.end()) return false;
    const auto scope = profile->second.receivers.find(context.roles->front());
    return scope != profile->second.receivers.end() && scope->second.necessary_with_open_case;
  });
}

}  // namespace

std::vector<CategoryOutcome> DecideOpen(const DecisionRequest& question, const Policy& policy, absl::CivilDay day) {
  const Snapshot snapshot{.policy = &policy, .directories = nullptr, .take_agreements_as_signed = true};
  Evaluation e{.request = question, .snapshot = snapshot, .policy = policy, .day = day};
  Resolve(e);
  CheckRequest(e);
  std::vector<CategoryOutcome> outcomes;
  if (!e.refusals.empty()) return outcomes;
  for (const std::string& category : question.categories) outcomes.push_back(DecideCategory(e, category));
  return outcomes;
}

Space::Space(std::vector<const Policy*> policies, absl::CivilDay day,
             const std::optional<std::set<std::string>>& profiles)
    : policies_(std::move(policies)), day_(day) {
  for (const std::string& category : Union(policies_, [](const Policy& p) { return p.categories; }))
    categories_.push_back(category);
  for (const std::string& profile : Union(policies_, [](const Policy& p) { return p.profiles; })) {
    if (profiles.has_value() && !profiles->contains(profile)) continue;
    Classify(profile, classes_[profile]);
    Enumerate(profile, classes_[profile]);
  }
}

// What every policy sees, in one line.
template <typename Of>
std::string Space::Joint(const std::string& profile, Of view) const {
  std::string joint;
  for (const Policy* policy : policies_) {
    const auto found = policy->profiles.find(profile);
    absl::StrAppend(&joint, found == policy->profiles.end() ? "no profile" : view(*policy, found->second), "|");
  }
  return joint;
}

// Whether some policy sees anything.
template <typename Of>
bool Space::Any(const std::string& profile, Of view) const {
  return std::any_of(policies_.begin(), policies_.end(), [&](const Policy* policy) {
    const auto found = policy->profiles.find(profile);
    return found != policy->profiles.end() && !view(*policy, found->second).empty();
  });
}

void Space::Classify(const std::string& id, ProfileClasses& classes) const {
  const std::set<std::string> agencies = Union(policies_, [](const Policy& p) { return p.organisations; });
  for (const std::string& giver : agencies) {
    for (const std::string& receiver : agencies) {
      const auto seen = [&](const Policy& p, const Profile& o) { return ViewOfParties(p, o, giver, receiver, day_); };
      classes.parties[Joint(id, seen)].emplace_back(giver, receiver);
      const auto told = [&](const Policy& p, const Profile& o) {
        return ViewOfToldParties(p, o, giver, receiver, day_);
      };
      if (Any(id, told)) classes.told[Joint(id, told)].emplace_back(giver, receiver);
    }
  }
  for (const std::string& role : Union(policies_, [](const Policy& p) { return p.roles; })) {
    classes
        .roles[Joint(id, [&](const Policy& p, const Profile& profile) { return ViewOfRole(p, profile, role, day_); })]
        .push_back(role);
  }
  for (const std::string& purpose : Union(policies_, [](const Policy& p) { return p.purposes; })) {
    classes
        .purposes[Joint(
            id, [&](const Policy& p, const Profile& profile) { return ViewOfPurpose(p, profile, purpose, day_); })]
        .push_back(purpose);
  }
  for (const std::string& area : Union(policies_, [](const Policy& p) { return p.areas; })) {
    classes
        .areas[Joint(id, [&](const Policy& p, const Profile& profile) { return ViewOfArea(p, profile, area, day_); })]
        .push_back(area);
  }
  std::set<std::string> products = {""};
  for (const Policy* policy : policies_) {
    const auto profile = policy->profiles.find(id);
    if (profile == policy->profiles.end()) continue;
    for (const auto& [product, allowed] : profile->second.products) products.insert(product);
    for (const auto& [category, conditional] : profile->second.conditional)
      classes.by_age = classes.by_age || conditional.of_a_child;
    for (const auto& [organisation, by_product] : profile->second.recipient_organisations) {
      classes.by_organisation = true;
      classes.by_product = classes.by_product || by_product;
    }
  }
  classes.products.assign(products.begin(), products.end());
}

void Space::Enumerate(const std::string& id, const ProfileClasses& classes) {
  const std::set<std::string> grounds = GroundsOf(id, policies_);
  grounds_[id].assign(grounds.begin(), grounds.end());
  for (const Route route : kRoutes) {
    EnumeratePurposes({.profile = id, .route = route}, classes);
    if (route == Route::kStatutoryRequest && !classes.told.empty())
      EnumeratePurposes({.profile = id, .route = route, .says_whom = true}, classes);
  }
}

void Space::EnumeratePurposes(Context context, const ProfileClasses& classes) {
  context.areas = &classes.areas.begin()->second;
  context.area = context.areas->front();
  for (const auto& [purpose_view, purposes] : classes.purposes) {
    context.parties = &classes.Of(context).begin()->second;
    context.roles = &classes.roles.begin()->second;
    context.purposes = &purposes;
    if (Refused(context, {ReasonCode::kPurposeNotPermitted})) {
      for (const auto& [role_view, roles] : classes.roles) CountPairs(context, classes, roles.size());
      continue;
    }
    EnumerateRoles(context, classes);
  }
}

void Space::EnumerateRoles(Context context, const ProfileClasses& classes) {
  for (const auto& [role_view, roles] : classes.roles) {
    context.parties = &classes.Of(context).begin()->second;
    context.roles = &roles;
    if (!classes.by_organisation &&
        Refused(context, {ReasonCode::kRoleNotEntitled, ReasonCode::kBreakGlassNotEntitled})) {
      CountPairs(context, classes, roles.size());
      continue;
    }
    for (const auto& [view, parties] : classes.Of(context)) {
      context.parties = &parties;
      Visit(context, classes);
    }
  }
}

// Whether every policy refuses the question as a whole for one of these reasons: nothing that they do not read matters
// then.
bool Space::Refused(const Context& context, std::initializer_list<ReasonCode> codes) const {
  const DecisionRequest question = Question(context);
  return std::all_of(policies_.begin(), policies_.end(), [&](const Policy* policy) {
    const Snapshot snapshot{.policy = policy, .directories = nullptr, .take_agreements_as_signed = true};
    Evaluation e{.request = question, .snapshot = snapshot, .policy = *policy, .day = day_};
    Resolve(e);
    CheckRequest(e);
    return std::any_of(e.refusals.begin(), e.refusals.end(), [&](const Reason& reason) {
      const bool unknown = reason.code == ReasonCode::kUnknownName && reason.rule == "profile";
      return unknown || std::find(codes.begin(), codes.end(), reason.code) != codes.end();
    });
  });
}

void Space::Count(const Context& context, const ProfileClasses& classes, uint64_t alike) {
  uint64_t areas = 0;
  for (const auto& [view, names] : classes.areas) areas += names.size();
  cells_ += alike * areas * context.purposes->size() * categories_.size();
}

void Space::CountPairs(const Context& context, const ProfileClasses& classes, uint64_t roles) {
  uint64_t pairs = 0;
  for (const auto& [view, parties] : classes.Of(context)) pairs += parties.size();
  Count(context, classes, roles * pairs);
}

void Space::Visit(Context context, const ProfileClasses& classes) {
  if (Refused(context, {ReasonCode::kSenderNotPermitted, ReasonCode::kRecipientNotParty})) {
    return Count(context, classes, context.parties->size() * context.roles->size());
  }
  std::vector<CaseLink> links = {CaseLink::kAsserted};
  if (OpenCaseMatters(context, policies_)) links.push_back(CaseLink::kNone);
  std::vector<std::string> products = {""};
  std::vector<bool> ages = {false};  // Whether a child.
  if (classes.by_product) products = classes.products;
  if (classes.by_product || classes.by_age) ages = {false, true};
  for (const auto& [view, areas] : classes.areas) {
    context.area = areas.front();
    context.areas = &areas;
    for (const CaseLink link : links) {
      context.case_link = link;
      for (const std::string& product : products) {
        context.product = product;
        for (const bool child : ages) {
          context.child = child;
          Ask(context);
        }
      }
    }
  }
}

// Whether an agreement is in force between the two under every policy.
bool Space::UnderAgreement(const DecisionRequest& question) const {
  return std::all_of(policies_.begin(), policies_.end(), [&](const Policy* policy) {
    const Snapshot snapshot{.policy = policy, .directories = nullptr, .take_agreements_as_signed = true};
    return !FindAgreements(question, snapshot, day_).in_force.empty();
  });
}

void Space::Ask(Context context) {
  cells_ += context.members() * categories_.size();
  DecisionRequest question = Question(context);
  if (context.says_whom && UnderAgreement(question)) return;
  question.categories = categories_;
  std::set<std::string> open;
  for (const Policy* policy : policies_) {
    const std::vector<CategoryOutcome> outcomes = DecideOpen(question, *policy, day_);
    asked_ += outcomes.size();
    for (const CategoryOutcome& outcome : outcomes) {
      if (!outcome.denied) open.insert(outcome.category);
    }
  }
  if (open.empty()) return;
  context.open.assign(open.begin(), open.end());
  contexts_.push_back(std::move(context));
}

DecisionRequest Space::Question(const Context& context, const Parties& parties, const std::string& role,
                                const std::string& purpose) const {
  DecisionRequest q{.releasing_agency = parties.first,
                    .receiving_agency = parties.second,
                    .receiving_role = role,
                    .profile = context.profile,
                    .purpose = purpose,
                    .board = "",
                    .area = context.area};
  q.direction = context.case_link == CaseLink::kNone ? Direction::kPush : Direction::kRequest;
  q.route = context.route;
  q.case_link = context.case_link;
  q.justification = true;
  q.document_reference = "DOC";
  q.says_whom = context.says_whom;
  if (const auto grounds = grounds_.find(context.profile); grounds != grounds_.end()) q.grounds = grounds->second;
  q.subject_role = context.child ? "child" : "victim";
  q.product = context.product;
  q.facts = SubjectFacts{.age = context.child ? 9 : 30, .flags = std::vector<std::string>(), .consents = {}};
  for (const Policy* policy : policies_) {
    for (const ConsentStep& step : policy->consent_steps) {
      for (const char* giver : {"SUBJECT", "GUARDIAN"})
        q.facts->consents.push_back({.giver = giver, .step = step.id, .given = true});
    }
  }
  if (context.route == Route::kRightsEvent)
    q.event = RightsEvent{.type = "rectification", .own = {}, .mixed = {}, .fan_out_to = "all_recipients_in_ledger"};
  return q;
}

}  // namespace derwent::policy
