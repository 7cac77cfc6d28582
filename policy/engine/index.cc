#include "policy/engine/index.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/emergency.h"
#include "policy/engine/table.h"

namespace derwent::policy {
namespace {

constexpr size_t kMost = Interned::kMost;

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

// The route that a purpose alone settles.
std::optional<Route> RouteOf(absl::string_view purpose) {
  if (purpose == "audit.dpo") return Route::kAudit;
  if (purpose == "rights.subject") return Route::kRightsEvent;
  if (purpose == "oversight.scrutiny") return Route::kStatutoryRequest;
  return std::nullopt;
}

// The meet of each two forms; -1: none declared.
std::array<std::array<int8_t, 9>, 9> MeetsOf(const Category& category) {
  std::array<std::array<int8_t, 9>, 9> meets{};
  for (size_t a = 0; a < meets.size(); ++a) {
    for (size_t b = 0; b < meets.size(); ++b) {
      const std::optional<Form> met = category.Meet(static_cast<Form>(a), static_cast<Form>(b));
      meets[a][b] = met.has_value() ? static_cast<int8_t>(*met) : int8_t{-1};
    }
  }
  return meets;
}

}  // namespace

int Index::Find(const Numbers& numbers, absl::string_view name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? -1 : found->second;
}

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
    const auto adopting =
        std::count_if(policy.agreements.begin(), policy.agreements.end(),
                      [&name = id](const Agreement& agreement) { return agreement.profiles.contains(name); });
    if (static_cast<size_t>(adopting) > kMost)
      return absl::ResourceExhaustedError(absl::StrCat("`", id, "` is adopted by more than 64 agreements"));
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
  std::set<std::string> steps = policy_.other_steps;
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
  area_names_.resize(areas_.size());
  area_days_.resize(areas_.size());
  for (const auto& [id, number] : areas_) {
    area_names_[number] = id;
    area_days_[number] = policy_.areas.at(id).valid;
  }
  BuildRoles();
  BuildOrganisations();
  BuildPurposes();
  BuildCategories();
  BuildFlags();
  BuildSteps();
  limit_.resize(topics_.size());
  topic_names_.resize(topics_.size());
  for (const auto& [topic, number] : topics_) {
    topic_names_[number] = topic;
    limit_[number] = {GeographyRank(policy_.table_limits.at(topic).geography),
                      PeriodRank(policy_.table_limits.at(topic).period)};
  }
  board_.resize(profiles_.size());
  for (const auto& [id, number] : profiles_) board_[number] = BoardOf(policy_.profiles.at(id));
}

void Index::BuildRoles() {
  role_names_.resize(roles_.size());
  role_days_.resize(roles_.size());
  for (const auto& [id, number] : roles_) {
    role_names_[number] = id;
    if (const auto days = policy_.role_days.find(id); days != policy_.role_days.end())
      role_days_[number] = days->second;
    if (policy_.roles.at(id).contains("audit_own")) audit_roles_ |= Bits{1} << number;
    if (policy_.roles.at(id).contains("handle_rights")) rights_roles_ |= Bits{1} << number;
  }
  spoc_ = Bit(roles_, "spoc");
  ig_officer_ = Bit(roles_, "ig_officer");
  originator_ = Bit(roles_, "originator");
  duty_officer_ = Find(roles_, "duty_officer");
}

void Index::BuildOrganisations() {
  type_.resize(types_.size());
  for (const auto& [id, number] : types_) {
    type_[number] = &policy_.types.at(id);
    if (type_[number]->schedule_7 == "true") competent_ |= Bits{1} << number;
  }
  agency_.resize(agencies_.size());
  type_of_.resize(agencies_.size());
  for (const auto& [id, number] : agencies_) {
    agency_[number] = &policy_.organisations.at(id);
    type_of_[number] = Find(types_, agency_[number]->type);
  }
}

void Index::BuildPurposes() {
  purpose_days_.resize(purposes_.size());
  for (const auto& [id, number] : purposes_) {
    purpose_days_[number] = policy_.purposes.at(id).valid;
    if (absl::StartsWith(id, "strategy.") || absl::StartsWith(id, "oversight.")) depersonalised_ |= Bits{1} << number;
    if (policy_.purposes.at(id).law_enforcement != "false") enforcement_ |= Bits{1} << number;
    if (policy_.purposes.at(id).excluded) excluded_ |= Bits{1} << number;
  }
  audit_purpose_ = Find(purposes_, "audit.dpo");
  rights_purpose_ = Find(purposes_, "rights.subject");
  emergency_purpose_ = Find(purposes_, "emergency.vital");
}

void Index::BuildCategories() {
  meeting_.resize(categories_.size());
  for (const auto& [id, number] : categories_) {
    const Category& category = policy_.categories.at(id);
    meeting_[number] = {.harm = category.harm,
                        .special = category.special,
                        .offence = category.offence,
                        .health = category.may_hold_health,
                        .single = category.forms.size() == 1,
                        .fullest = category.Fullest(),
                        .meet = MeetsOf(category)};
    if (const std::optional<Form> form = EmergencyForm(id); form.has_value())
      (*form == Form::kFull ? break_glass_full_ : break_glass_flag_) |= Bits{1} << number;
  }
  location_protected_ = Bit(categories_, "location.protected");
  narrative_ = Bit(categories_, "narrative");
  aggregate_ = Bit(categories_, "aggregate");
  fieldset_ = Bit(categories_, "statutory.fieldset");
  identity_ = Bit(categories_, "identity");
}

void Index::BuildFlags() {
  flag_.resize(flags_.size());
  flag_names_.resize(flags_.size());
  for (const auto& [id, number] : flags_) {
    flag_names_[number] = id;
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
}

void Index::BuildSteps() {
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
}

void Index::InternFacts(const DecisionRequest& request, Interned& q) const {
  q.facts = request.facts.has_value();
  if (!q.facts) return;
  const SubjectFacts& facts = *request.facts;
  q.age_known = facts.age.has_value();
  q.age = facts.age.value_or(0);
  q.flags_known = facts.flags.has_value();
  if (facts.flags.has_value()) InternFlags(*facts.flags, q);
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

void Index::InternStep(const DecisionRequest& request, Interned& q) const {
  using enum Interned::NamedStep;
  q.step = Find(steps_, request.step);
  if (request.step.empty() || q.step >= 0 || Find(categories_, request.step) >= 0) return;
  q.named_step = kNotOnRecord;
  if (!request.facts.has_value()) return;
  for (const Consent& consent : request.facts->consents) {
    if (consent.step != request.step) continue;
    q.named_step = consent.given && q.named_step != kRefused ? kGiven : kRefused;
  }
}

void Index::InternFlags(const std::vector<std::string>& flags, Interned& q) const {
  for (const std::string& flag : flags) {
    const int number = Find(flags_, flag);
    if (number < 0)
      q.unknown_flag = true;
    else
      q.flags |= Bits{1} << number;
  }
}

void Index::InternEvent(const RightsEvent& event, Interned& q) const {
  q.has_event = true;
  q.access = event.type == "access";
  q.fan_out = (event.type == "rectification" || event.type == "erasure" || event.type == "restriction") &&
              event.fan_out_to == "all_recipients_in_ledger";
  q.own = All(event.own, categories_);
  q.mixed = All(event.mixed, categories_);
}

void Index::InternOnward(const Onward& onward, Interned& q) const {
  q.has_onward = true;
  q.onward = Find(agencies_, onward.organisation);
  q.controller = onward.as_controller;
  q.passed_on = onward.categories.empty() ? ~Bits{0} : All(onward.categories, categories_);
  q.originator = onward.originator_approval == "given"     ? Interned::Originator::kGiven
                 : onward.originator_approval == "refused" ? Interned::Originator::kRefused
                                                           : Interned::Originator::kPending;
}

void Index::InternTable(const Table& table, Interned& q) const {
  q.has_table = true;
  q.topic = Find(topics_, table.topic);
  if (q.topic < 0) q.topic = Find(topics_, "default");
  q.geography = GeographyRank(table.geography);
  q.period = PeriodRank(table.period);
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
  InternStep(r, q);
  q.product = Find(products_, r.product);
  q.direction = r.direction;
  q.route = r.route.has_value() ? r.route : RouteOf(r.purpose);
  q.case_link = r.case_link;
  q.justification = r.justification;
  q.document = !r.document_reference.empty();
  q.says_whom = r.says_whom;
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
  if (r.event.has_value()) InternEvent(*r.event, q);
  if (r.onward.has_value()) InternOnward(*r.onward, q);
  if (r.table.has_value()) InternTable(*r.table, q);
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
