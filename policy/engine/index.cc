#include "policy/engine/index.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace derwent::policy {
namespace {

constexpr size_t kMost = Interned::kMost;

template <typename Map>
int Find(const Map& numbers, absl::string_view name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? -1 : found->second;
}

// Numbers names in their order.
template <typename Map, typename Names>
void Count(Map& numbers, const Names& names) {
  std::set<std::string> sorted;
  for (const auto& name : names) {
    if constexpr (requires { name.first; })
      sorted.insert(name.first);
    else
      sorted.insert(name);
  }
  for (const std::string& name : sorted) numbers.emplace(name, static_cast<int>(numbers.size()));
}

bool Names(const std::vector<std::string>& list, const Organisation& organisation) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
    return name == "*" || name == organisation.id || name == organisation.type;
  });
}

int Rank(std::initializer_list<absl::string_view> grains, absl::string_view grain) {
  const auto* const found = std::find(grains.begin(), grains.end(), grain);
  return found == grains.end() ? -1 : static_cast<int>(found - grains.begin());
}

int GeographyRank(absl::string_view grain) {
  return Rank({"LSOA", "ward", "district", "county_city", "national"}, grain);
}
int PeriodRank(absl::string_view grain) { return Rank({"week", "month", "quarter", "year"}, grain); }

}  // namespace

Bits Index::Bit(const Numbers& numbers, absl::string_view name) const {
  const int number = Find(numbers, name);
  return number < 0 ? 0 : Bits{1} << number;
}

Bits Index::Matching(const CategoryPattern& pattern) const {
  Bits bits = 0;
  for (const auto& [id, number] : categories_) {
    if (pattern.Matches(id)) bits |= Bits{1} << number;
  }
  return bits;
}

absl::StatusOr<Index> Index::Of(const Policy& policy) {
  Index index(policy);
  index.Number();
  for (const Numbers* numbers : {&index.categories_, &index.flags_, &index.roles_, &index.types_, &index.agencies_,
                                 &index.areas_, &index.purposes_, &index.profiles_, &index.steps_}) {
    if (numbers->size() > kMost) return absl::ResourceExhaustedError("the policy has more than 64 of something");
  }
  for (const auto& [id, profile] : policy.profiles) {
    if (profile.gateways.size() > kMost)
      return absl::ResourceExhaustedError(absl::StrCat("`", id, "` has more than 64 gateways"));
  }
  index.Build();
  return index;
}

void Index::Number() {
  Count(categories_, policy_.categories);
  Count(flags_, policy_.flags);
  Count(roles_, policy_.roles);
  Count(types_, policy_.types);
  Count(agencies_, policy_.organisations);
  Count(areas_, policy_.areas);
  Count(purposes_, policy_.purposes);
  Count(subject_roles_, policy_.subject_roles);
  Count(profiles_, policy_.profiles);
  Count(topics_, policy_.table_limits);
  std::set<std::string> products;
  std::set<std::string> steps;
  for (const auto& [id, profile] : policy_.profiles) {
    for (const auto& [product, allowed] : profile.products) products.insert(product);
  }
  for (const ConsentStep& step : policy_.consent_steps) {
    steps.insert(step.id);
    if (!step.product.empty()) products.insert(step.product);
  }
  Count(products_, products);
  Count(steps_, steps);
}

void Index::Build() {
  role_names_.resize(roles_.size());
  for (const auto& [id, number] : roles_) {
    role_names_[number] = id;
    if (policy_.roles.at(id).contains("audit_own")) audit_roles_ |= Bits{1} << number;
    if (policy_.roles.at(id).contains("handle_rights")) rights_roles_ |= Bits{1} << number;
  }
  type_.resize(types_.size());
  for (const auto& [id, number] : types_) type_[number] = &policy_.types.at(id);
  agency_.resize(agencies_.size());
  type_of_.resize(agencies_.size());
  for (const auto& [id, number] : agencies_) {
    agency_[number] = &policy_.organisations.at(id);
    type_of_[number] = Find(types_, agency_[number]->type);
  }
  for (const auto& [id, number] : purposes_) {
    if (absl::StartsWith(id, "strategy.") || absl::StartsWith(id, "oversight.")) depersonalised_ |= Bits{1} << number;
    if (policy_.purposes.at(id).excluded) excluded_ |= Bits{1} << number;
  }
  meeting_.resize(categories_.size());
  for (const auto& [id, number] : categories_) {
    const Category& category = policy_.categories.at(id);
    Meeting& m = meeting_[number];
    m = {.harm = category.harm,
         .special = category.special,
         .offence = category.offence,
         .health = category.may_hold_health,
         .single = category.forms.size() == 1,
         .fullest = category.Fullest(),
         .meet = {}};
    for (int a = 0; a < 9; ++a) {
      for (int b = 0; b < 9; ++b) {
        const std::optional<Form> met = category.Meet(static_cast<Form>(a), static_cast<Form>(b));
        m.meet[a][b] = met.has_value() ? static_cast<int8_t>(*met) : int8_t{-1};
      }
    }
    if (absl::StartsWith(id, "health.")) health_ |= Bits{1} << number;
  }
  location_protected_ = Bit(categories_, "location.protected");
  narrative_ = Bit(categories_, "narrative");
  aggregate_ = Bit(categories_, "aggregate");
  fieldset_ = Bit(categories_, "statutory.fieldset");
  for (const char* full : {"identity", "contact", "location.current", "vulnerability.flag"})
    break_glass_full_ |= Bit(categories_, full);
  identity_ = Bit(categories_, "identity");
  spoc_ = Bit(roles_, "spoc");
  ig_officer_ = Bit(roles_, "ig_officer");
  originator_ = Bit(roles_, "originator");
  audit_purpose_ = Find(purposes_, "audit.dpo");
  rights_purpose_ = Find(purposes_, "rights.subject");
  emergency_purpose_ = Find(purposes_, "emergency.vital");
  duty_officer_ = Find(roles_, "duty_officer");
  area_names_.resize(areas_.size());
  for (const auto& [id, number] : areas_) area_names_[number] = id;
  flag_.resize(flags_.size());
  for (const auto& [id, number] : flags_) {
    const Flag& flag = policy_.flags.at(id);
    FlagRule& rule = flag_[number];
    rule = {.denies = Matching(flag.denies),
            .approver_categories = Matching(flag.approver_categories),
            .approver = Bit(roles_, flag.approver),
            .exception_approver = Bit(roles_, flag.exception_approver),
            .restricts = !flag.exception_grounds.empty(),
            .spares_rights = flag.spares_rights_events};
    for (const auto& [category, form] : flag.reduces) {
      rule.reduces |= Bit(categories_, category);
      rule.form[Find(categories_, category)] = form;
    }
  }
  consent_withdrawn_ = Find(flags_, "consent_withdrawn");
  for (const ConsentStep& step : policy_.consent_steps) {
    step_.push_back(
        {.profiles = step.profile.empty() ? ~Bits{0} : Bit(profiles_, step.profile),
         .receiver = step.receiver.empty() ? -1 : Find(agencies_, step.receiver),
         .product = step.product.empty() ? -1 : Find(products_, step.product),
         .subject_role = step.subject_role.empty() ? -1 : Find(subject_roles_, step.subject_role),
         .binds = !(step.profile.empty() && step.receiver.empty() && step.product.empty()),
         .by_guardian = step.giver == "GUARDIAN",
         .child_by_guardian = (step.giver_under_18.empty() ? step.giver : step.giver_under_18) == "GUARDIAN",
         .number = Find(steps_, step.id),
         .nobody = !step.receiver.empty() && Find(agencies_, step.receiver) < 0});
  }
  limit_.resize(topics_.size());
  for (const auto& [topic, number] : topics_)
    limit_[number] = {GeographyRank(policy_.table_limits.at(topic).geography),
                      PeriodRank(policy_.table_limits.at(topic).period)};
  board_.resize(profiles_.size());
  for (const auto& [id, number] : profiles_) board_[number] = BoardOf(policy_.profiles.at(id));
}

Index::Board Index::BoardOf(const Profile& profile) const {
  Board board{.profile = &profile};
  const auto all = [&](const auto& names, const Numbers& numbers) {
    Bits bits = 0;
    for (const std::string& name : names) bits |= Bit(numbers, name);
    return bits;
  };
  board.purposes = all(profile.purposes, purposes_) & ~all(profile.denied_purposes, purposes_) & ~excluded_;
  board.senders = all(profile.senders, types_);
  board.necessary = all(profile.necessary, categories_);
  board.blocked_flags = all(profile.blocked_flags, flags_);
  for (const auto& [id, conditional] : profile.conditional) {
    const int c = Find(categories_, id);
    board.conditional |= Bits{1} << c;
    if (conditional.has_form) board.conditional_form |= Bits{1} << c;
    board.form[c] = conditional.form;
    board.approver[c] = Bit(roles_, conditional.approver);
  }
  for (const auto& [role, scope] : profile.receivers) {
    const std::set<std::string>& c = scope.categories;
    board.roles[Find(roles_, role)] = {
        .named = true,
        .case_scope = scope.case_scope,
        .open_case = scope.necessary_with_open_case,
        .only_aggregate = c == std::set<std::string>{"aggregate"},
        .aggregate_or_narrative = std::all_of(
            c.begin(), c.end(), [](const std::string& id) { return id == "aggregate" || id == "narrative"; }),
        .categories = all(c, categories_),
        .approver = Bit(roles_, scope.approver)};
  }
  for (const auto& [agency, by_product] : profile.recipient_organisations)
    board.by_organisation[Find(agencies_, agency)] = by_product ? 2 : 1;
  std::map<std::string, int8_t> caps;
  for (const auto& [receiver, ceiling] : profile.ceilings) {
    caps[receiver] = static_cast<int8_t>(board.caps.size());
    Cap& cap = board.caps.emplace_back();
    cap.permit = all(ceiling.permit, categories_);
    for (const auto& [category, form] : ceiling.redact) {
      cap.redact |= Bit(categories_, category);
      cap.form[Find(categories_, category)] = form;
    }
    for (const auto& [category, role] : ceiling.approve) {
      cap.approve |= Bit(categories_, category);
      cap.approver[Find(categories_, category)] = Bit(roles_, role);
    }
  }
  for (const auto& [id, number] : agencies_) {
    const auto own = caps.find(id);
    const auto of_type = caps.find(agency_[number]->type);
    board.cap_of[number] = own != caps.end() ? own->second : of_type != caps.end() ? of_type->second : int8_t{-1};
  }
  board.products.resize(products_.size());
  board.has_product.resize(products_.size());
  for (const auto& [id, product] : profile.products) {
    board.products[Find(products_, id)] = {all(product.allow, categories_), product.child};
    board.has_product[Find(products_, id)] = true;
  }
  board.reach.resize(kMost * kMost);
  for (const std::string& id : profile.gateways) {
    const Gateway& gateway = policy_.gateways.at(id);
    if (!gateway.StandsAlone()) continue;
    const Bits bit = Bits{1} << board.carriers.size();
    Carrier& carrier = board.carriers.emplace_back();
    Bits fit = ~Bits{0} & ~Matching(gateway.excludes_categories);
    for (size_t c = 0; c < meeting_.size(); ++c) {
      if (!gateway.excludes_content.patterns.empty() && meeting_[c].health) fit &= ~(Bits{1} << c);
    }
    carrier.aggregates = fit;
    carrier.carries = gateway.depersonalised_only ? fit & aggregate_ : fit;
    carrier.flags = all(gateway.excludes_flags, flags_);
    carrier.needs_flags = !gateway.excludes_flags.empty();
    carrier.excluded_types = all(gateway.excludes_sender, types_);
    carrier.to = gateway.effective_to;
    if (gateway.needs_commencement) carrier.from = gateway.effective_from.value_or(absl::CivilDay::max());
    for (size_t giver = 0; giver < agency_.size(); ++giver) {
      for (size_t receiver = 0; receiver < agency_.size(); ++receiver) {
        if (Names(gateway.from, *agency_[giver]) && Names(gateway.to, *agency_[receiver]))
          board.reach[giver * kMost + receiver] |= bit;
      }
    }
  }
  for (const Agreement& agreement : policy_.agreements) {
    if (!agreement.profiles.contains(profile.id)) continue;
    Paper paper{.agreement = &agreement,
                .parties = all(agreement.parties, agencies_),
                .signed_by = all(agreement.signed_by, agencies_)};
    for (const auto& [area, number] : areas_) {
      for (const std::string& whole : agreement.areas) {
        if (policy_.AreaWithin(area, whole)) paper.areas |= Bits{1} << number;
      }
    }
    for (const auto& [category, form] : agreement.overlays) {
      if (form.has_value())
        paper.forms.emplace_back(Find(categories_, category), *form);
      else
        paper.denies |= Bit(categories_, category);
    }
    board.papers.push_back(std::move(paper));
  }
  std::sort(board.papers.begin(), board.papers.end(),
            [](const Paper& a, const Paper& b) { return a.agreement->id < b.agreement->id; });
  return board;
}

void Index::InternFacts(const DecisionRequest& request, Interned& q) const {
  q.facts = request.facts.has_value();
  if (!q.facts) return;
  const SubjectFacts& facts = *request.facts;
  q.age_known = facts.age.has_value();
  q.age = facts.age.value_or(0);
  q.flags_known = facts.flags.has_value();
  if (q.flags_known) {
    for (const std::string& flag : *facts.flags) {
      const int number = Find(flags_, flag);
      if (number < 0)
        q.unknown_flag = true;
      else
        q.flags |= Bits{1} << number;
    }
  }
  Bits subject_refused = 0;
  Bits guardian_refused = 0;
  for (const Consent& consent : facts.consents) {
    const Bits step = Bit(steps_, consent.step);
    if (consent.giver == "SUBJECT") (consent.given ? q.subject_gave : subject_refused) |= step;
    if (consent.giver == "GUARDIAN") (consent.given ? q.guardian_gave : guardian_refused) |= step;
    if (!consent.given) q.refused |= Bit(categories_, consent.step);
  }
  q.subject_gave &= ~subject_refused;
  q.guardian_gave &= ~guardian_refused;
}

Interned Index::Intern(const DecisionRequest& r) const {
  Interned q;
  q.giver = Find(agencies_, r.releasing_agency);
  q.receiver = Find(agencies_, r.receiving_agency);
  q.role = Find(roles_, r.receiving_role);
  q.profile = Find(profiles_, r.profile);
  q.purpose = Find(purposes_, r.purpose);
  q.area = Find(areas_, r.area);
  q.subject_role = Find(subject_roles_, r.subject_role);
  q.well_named = q.subject_role >= 0 && (r.area.empty() || q.area >= 0);
  q.child_role = r.subject_role == "child" || r.subject_role == "victim_child_da";
  q.step = Find(steps_, r.step);
  q.step_named = !r.step.empty();
  q.product = Find(products_, r.product);
  q.direction = r.direction;
  q.route = r.route;
  if (!q.route.has_value()) {
    if (r.purpose == "audit.dpo")
      q.route = Route::kAudit;
    else if (r.purpose == "rights.subject")
      q.route = Route::kRightsEvent;
    else if (r.purpose == "oversight.scrutiny")
      q.route = Route::kStatutoryRequest;
  }
  q.case_link = r.case_link;
  q.justification = r.justification;
  q.document = !r.document_reference.empty();
  q.count = std::min(r.categories.size(), kMost);
  for (size_t i = 0; i < q.count; ++i) q.categories[i] = static_cast<int8_t>(Find(categories_, r.categories[i]));
  for (const absl::string_view ground : r.grounds) {  // `<profile>.<category>`.
    const size_t dot = r.profile.size();
    if (ground.size() > dot && ground[dot] == '.' && absl::StartsWith(ground, r.profile))
      q.grounds |= Bit(categories_, ground.substr(dot + 1));
  }
  InternFacts(r, q);
  q.exception = Find(flags_, r.exception_flag);
  q.exception_ground =
      q.exception >= 0 && policy_.flags.at(r.exception_flag).exception_grounds.contains(r.exception_ground);
  if (r.event.has_value()) {
    q.has_event = true;
    q.access = r.event->type == "access";
    q.fan_out = (r.event->type == "rectification" || r.event->type == "erasure" || r.event->type == "restriction") &&
                r.event->fan_out_to == "all_recipients_in_ledger";
    for (const std::string& category : r.event->own) q.own |= Bit(categories_, category);
    for (const std::string& category : r.event->mixed) q.mixed |= Bit(categories_, category);
  }
  if (r.onward.has_value()) {
    q.has_onward = true;
    q.onward = Find(agencies_, r.onward->organisation);
    q.controller = r.onward->as_controller;
    q.originator = r.onward->originator_approval == "given"     ? Interned::Originator::kGiven
                   : r.onward->originator_approval == "refused" ? Interned::Originator::kRefused
                                                                : Interned::Originator::kPending;
  }
  if (r.table.has_value()) {
    q.has_table = true;
    q.topic = Find(topics_, r.table->topic);
    if (q.topic < 0) q.topic = Find(topics_, "default");
    q.geography = GeographyRank(r.table->geography);
    q.period = PeriodRank(r.table->period);
  }
  return q;
}

std::vector<std::string> Index::RolesOf(Bits roles) const {
  std::vector<std::string> names;
  for (size_t i = 0; i < role_names_.size(); ++i) {
    if ((roles >> i & 1) != 0) names.push_back(role_names_[i]);
  }
  return names;
}

}  // namespace derwent::policy
