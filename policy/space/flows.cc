#include "policy/space/flows.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/space/space.h"

namespace derwent::policy {
namespace {

bool Wanted(const std::set<std::string>& names, const std::string& name) {
  return names.empty() || names.contains(name);
}

// Released to nobody's asking before released once somebody agrees; more revealing first.
bool More(const CategoryOutcome& a, const CategoryOutcome& b) {
  return std::make_tuple(a.approvers.size(), a.form) < std::make_tuple(b.approvers.size(), b.form);
}

// Adds what the engine decided in one more context; of several outcomes the flow keeps the one that releases most.
void Add(const Context& context, const Parties& parties, const CategoryOutcome& outcome, Flow& flow) {
  if (flow.category.empty() || More(outcome, flow.outcome)) flow.outcome = outcome;
  flow.profile = context.profile;
  flow.giver = parties.first;
  flow.receiver = parties.second;
  flow.category = outcome.category;
  flow.roles.insert(context.roles->begin(), context.roles->end());
  flow.purposes.insert(context.purposes->begin(), context.purposes->end());
}

bool IsSpecial(Route route) {
  return route == Route::kBreakGlass || route == Route::kRightsEvent || route == Route::kAudit;
}

}  // namespace

std::string Describe(const CategoryOutcome& outcome) {
  if (outcome.denied) return "not shared";
  const std::string form(outcome.form_is_full ? "full" : FormName(outcome.form));
  return outcome.approvers.empty() ? form
                                   : absl::StrCat(form, " once ", absl::StrJoin(outcome.approvers, " and "), " agree");
}

std::vector<Flow> FlowsOf(const Policy& policy, absl::CivilDay day, const FlowFilter& filter) {
  const Space space({&policy}, day);
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Flow> flows;
  for (const Context& context : space.contexts()) {
    if (IsSpecial(context.route) || !Wanted(filter.profiles, context.profile)) continue;
    DecisionRequest question = space.Question(context);
    std::copy_if(context.open.begin(), context.open.end(), std::back_inserter(question.categories),
                 [&](const std::string& category) { return Wanted(filter.categories, category); });
    const std::vector<CategoryOutcome> outcomes = DecideOpen(question, policy, day);
    for (const Parties& parties : *context.parties) {
      if (!Wanted(filter.agencies, parties.first) && !Wanted(filter.agencies, parties.second)) continue;
      for (const CategoryOutcome& outcome : outcomes) {
        Flow& flow = flows[{context.profile, parties.second, outcome.category, parties.first}];
        Add(context, parties, outcome, flow);
        flow.conditional = policy.profiles.at(context.profile).conditional.contains(outcome.category);
      }
    }
  }
  std::vector<Flow> list;
  for (auto& [key, flow] : flows) list.push_back(std::move(flow));
  return list;
}

}  // namespace derwent::policy
