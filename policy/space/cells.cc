#include "policy/space/cells.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "policy/loader/record.h"
#include "policy/space/stand_ins.h"

namespace derwent::policy {
namespace {

bool IsStandIn(const std::string& agency) { return absl::StartsWith(agency, kStandIn); }

bool Has(const std::set<std::string>& names, const std::string& name) { return names.empty() || names.contains(name); }

}  // namespace

Selection::Selection(const v1::Assertion& assertion, const Policy& policy)
    : policy_(policy), where_(Read(assertion.where())) {
  for (const v1::Cells& cells : assertion.except()) except_.push_back(Read(cells));
  by_area_ = !where_.areas.empty() ||
             std::any_of(except_.begin(), except_.end(), [](const Names& names) { return !names.areas.empty(); });
}

// Types become the agencies of that type.
Selection::Names Selection::Read(const v1::Cells& c) const {
  const auto agencies = [&](const auto& names) {
    std::set<std::string> all(names.begin(), names.end());
    for (const auto& [id, organisation] : policy_.organisations) {
      if (all.contains(organisation.type)) all.insert(id);
    }
    return all;
  };
  std::set<std::string> areas;
  for (const auto& [gss, area] : policy_.areas) {
    if (std::any_of(c.areas().begin(), c.areas().end(),
                    [&gss = gss, this](const std::string& whole) { return policy_.AreaWithin(gss, whole); }))
      areas.insert(gss);
  }
  return {.profiles = {c.profiles().begin(), c.profiles().end()},
          .routes = {c.routes().begin(), c.routes().end()},
          .givers = agencies(c.givers()),
          .receivers = agencies(c.receivers()),
          .roles = {c.roles().begin(), c.roles().end()},
          .areas = std::move(areas),
          .purposes = {c.purposes().begin(), c.purposes().end()},
          .categories = {.patterns = {c.categories().begin(), c.categories().end()}},
          .cells = &c};
}

bool Selection::InContext(const Names& names, const Context& context) const {
  return Has(names.profiles, context.profile) && Has(names.routes, std::string(RouteName(context.route))) &&
         (!names.cells->existence_sensitive() || policy_.profiles.at(context.profile).existence_sensitive);
}

bool Selection::OfCategory(const Names& names, const Category& category) {
  const auto& classes = names.cells->classes();
  const bool in_class =
      classes.empty() || std::any_of(classes.begin(), classes.end(), [&](const std::string& c) {
        return c == "special" ? category.special : c == "offence" ? category.offence : category.may_hold_health;
      });
  return in_class && category.harm >= names.cells->min_harm() &&
         (names.categories.patterns.empty() || names.categories.Matches(category.id));
}

bool Selection::For(const Names& names, const std::string& purpose) {
  return names.purposes.empty() || CategoryPattern{.patterns = names.purposes}.Matches(purpose);
}

bool Selection::Between(const Names& names, const Parties& parties) {
  return Has(names.givers, parties.first) && Has(names.receivers, parties.second);
}

const std::vector<const Parties*>& Selection::Matching(const std::vector<Parties>& parties) {
  const auto [entry, added] = matching_.try_emplace(&parties);
  if (!added) return entry->second;
  for (const Parties& next : parties) {
    const bool unnamed_stand_in =
        (where_.givers.empty() && IsStandIn(next.first)) || (where_.receivers.empty() && IsStandIn(next.second));
    if (Between(where_, next) && !unnamed_stand_in) entry->second.push_back(&next);
  }
  return entry->second;
}

bool Selection::Excepted(const Member& member, const Context& context, const Category& category) const {
  return std::any_of(except_.begin(), except_.end(), [&](const Names& names) {
    return InContext(names, context) && OfCategory(names, category) && Has(names.areas, *member.area) &&
           Between(names, *member.parties) && Has(names.roles, *member.role) && For(names, *member.purpose);
  });
}

std::optional<Member> Selection::Find(const Context& context, const Category& category) {
  if (!InContext(where_, context) || !OfCategory(where_, category)) return std::nullopt;
  for (const std::string& area : *context.areas) {
    if (!Has(where_.areas, area)) continue;
    for (const Parties* parties : Matching(*context.parties)) {
      for (const std::string& role : *context.roles) {
        if (!Has(where_.roles, role)) continue;
        for (const std::string& purpose : *context.purposes) {
          const Member member{.area = &area, .parties = parties, .role = &role, .purpose = &purpose};
          if (For(where_, purpose) && !Excepted(member, context, category)) return member;
        }
      }
    }
    if (!by_area_) break;  // Where no area is named the others are alike.
  }
  return std::nullopt;
}

std::vector<Variation> VariationsOf(const v1::Cells& c) {
  std::vector<Variation> all = {{}};
  const auto times = [&](const auto& values, std::string Variation::*field) {
    if (values.empty()) return;
    std::vector<Variation> more;
    for (const Variation& variation : all) {
      for (const std::string& value : values) {
        more.push_back(variation);
        more.back().*field = value;
      }
    }
    all = std::move(more);
  };
  times(c.flags(), &Variation::flag);
  times(c.subject_roles(), &Variation::subject_role);
  times(c.ages(), &Variation::age);
  times(c.consents(), &Variation::consents);
  times(c.steps(), &Variation::step);
  times(c.missing(), &Variation::missing);
  times(c.exceptions(), &Variation::exception);
  times(c.onward(), &Variation::onward);
  times(c.tables(), &Variation::table);
  times(c.events(), &Variation::event);
  return all;
}

namespace {

void VaryFacts(const Variation& v, SubjectFacts& facts) {
  if (!v.flag.empty()) facts.flags = {v.flag};
  if (!v.age.empty()) facts.age = v.age == "UNKNOWN" ? std::optional<int>() : v.age == "CHILD" ? 9 : 30;
  if (!v.consents.empty() && v.consents != "BOTH")
    std::erase_if(facts.consents, [&](const Consent& consent) { return consent.giver != v.consents; });
}

void LeaveOut(const std::string& missing, DecisionRequest& q) {
  if (missing == "CASE_LINK") {
    q.case_link = CaseLink::kNone;
    q.direction = Direction::kRequest;
  }
  if (missing == "JUSTIFICATION") q.justification = false;
  if (missing == "GROUND") q.grounds.clear();
  if (missing == "DOCUMENT") q.document_reference.clear();
  if (missing == "AREA") q.area.clear();
  if (missing == "FLAGS" && q.facts.has_value()) q.facts->flags.reset();
  if (missing == "FACTS") q.facts.reset();
}

}  // namespace

void Vary(const Variation& variation, DecisionRequest& question) {
  if (question.facts.has_value()) VaryFacts(variation, *question.facts);
  if (!variation.subject_role.empty()) question.subject_role = variation.subject_role;
  if (!variation.step.empty()) question.step = variation.step;
  if (!variation.exception.empty()) {
    question.exception_flag = variation.exception.substr(0, variation.exception.find('='));
    question.exception_ground =
        variation.exception.substr(std::min(variation.exception.size(), variation.exception.find('=') + 1));
  }
  if (!variation.onward.empty()) {
    const std::vector<std::string> parts = absl::StrSplit(variation.onward, '=');
    question.onward =
        Onward{.organisation = parts[0], .as_controller = parts[1] == "CONTROLLER", .originator_approval = parts[2]};
  }
  if (!variation.table.empty()) {
    const std::vector<std::string> parts = absl::StrSplit(variation.table, '/');
    question.table = Table{
        .topic = parts[0], .geography = parts.size() > 1 ? parts[1] : "", .period = parts.size() > 2 ? parts[2] : ""};
  }
  if (variation.event == "access")
    question.event = RightsEvent{.type = "access", .own = question.categories, .mixed = {}, .fan_out_to = ""};
  else if (!variation.event.empty() && question.event.has_value())
    question.event->type = variation.event;
  LeaveOut(variation.missing, question);
}

}  // namespace derwent::policy
