#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

constexpr char kVocabulary[] = "vocabulary.txtpb";

template <typename Map, typename Value>
void Add(Map& map, absl::string_view file, const std::string& id, Value value, Problems& problems) {
  if (id.empty()) problems.Error(file, "", "id", "an entry has no id", "name it");
  if (!map.emplace(id, std::move(value)).second) problems.Error(file, id, "duplicate", absl::StrCat("`", id, "` stands twice"), "remove one");
}

Category CompileCategory(const v1::Category& text, const Words& words, Problems& problems) {
  Category category{.id = text.id(), .harm = text.harm()};
  if (text.harm() < 1 || text.harm() > 5) problems.Error(kVocabulary, text.id(), "harm", absl::StrCat("`", text.id(), "` has harm ", text.harm()), "harm is 1 to 5");
  for (const std::string& c : text.classes()) {
    category.special = category.special || absl::StartsWith(c, "sc:") || c == "mix";
    category.offence = category.offence || absl::StartsWith(c, "crim");
    category.may_hold_health = category.may_hold_health || c == "mix" || c == "sc:health";
  }
  category.sensitive = text.law_enforcement_class() == "sensitive";
  for (const std::string& name : text.forms()) {
    if (const auto form = words.Form(name)) category.forms.push_back(*form);
  }
  if (category.forms.empty()) problems.Error(kVocabulary, text.id(), "forms", absl::StrCat("`", text.id(), "` has no form"), "list at least one");
  for (const v1::FormMeet& meet : text.meets()) {
    const auto a = words.Form(meet.a());
    const auto b = words.Form(meet.b());
    const auto result = words.Form(meet.result());
    if (a && b && result) category.meets[{*a, *b}] = *result;
  }
  return category;
}

CategoryPattern PatternOf(const google::protobuf::RepeatedPtrField<std::string>& patterns, const Words& words) {
  CategoryPattern pattern;
  for (const std::string& next : patterns) {
    if (words.Pattern(next)) pattern.patterns.push_back(next);
  }
  return pattern;
}

Flag CompileFlag(const v1::Flag& text, const Words& words) {
  Flag flag{.id = text.id()};
  flag.denies = PatternOf(text.denies(), words);
  for (const std::string& reduce : text.reduces()) {
    if (const auto pair = words.CategoryForm(reduce)) flag.reduces.push_back(*pair);
  }
  flag.approver_categories = PatternOf(text.approver_categories(), words);
  if (!text.approver().empty() && words.Role(text.approver())) flag.approver = text.approver();
  flag.exception_grounds.insert(text.exception_grounds().begin(), text.exception_grounds().end());
  if (!text.exception_approver().empty() && words.Role(text.exception_approver())) flag.exception_approver = text.exception_approver();
  for (const std::string& obligation : text.obligations()) {
    if (words.Obligation(obligation)) flag.obligations.push_back(obligation);
  }
  flag.spares_rights_events = text.spares_rights_events();
  return flag;
}

}  // namespace

void CompileVocabulary(const v1::Vocabulary& text, Policy& policy, Problems& problems) {
  const Words words(kVocabulary, policy, problems);
  for (const v1::Category& next : text.categories()) Add(policy.categories, kVocabulary, next.id(), CompileCategory(next, words, problems), problems);
  for (const v1::Term& next : text.subject_roles()) policy.subject_roles.insert(next.id());
  for (const v1::Term& next : text.obligations()) policy.obligations.insert(next.id());
  for (const v1::Term& next : text.markings()) policy.markings.push_back(next.id());
  for (const v1::Role& next : text.roles()) {
    Add(policy.roles, kVocabulary, next.id(), std::set<std::string>(next.may().begin(), next.may().end()), problems);
    if (next.appointer() == v1::APPOINTER_UNSPECIFIED) problems.Error(kVocabulary, next.id(), "appointer", absl::StrCat("role `", next.id(), "` has no appointer"), "say who appoints");
    if (next.appointer() == v1::APPOINTER_BOARD_OWNER) policy.board_roles.insert(next.id());
  }
  for (const v1::Flag& next : text.flags()) Add(policy.flags, kVocabulary, next.id(), CompileFlag(next, words), problems);
  for (const v1::Purpose& next : text.purposes()) {
    words.OneOf(next.law_enforcement(), {"true", "false", "mixed"}, "law-enforcement value");
    Add(policy.purposes, kVocabulary, next.id(), Purpose{.id = next.id(), .law_enforcement = next.law_enforcement(), .excluded = next.excluded()}, problems);
  }
  for (const v1::ConsentStep& next : text.consent_steps()) {
    words.OneOf(next.giver(), {"SUBJECT", "GUARDIAN"}, "giver of consent");
    policy.consent_steps.push_back({.id = next.id(), .profile = next.profile(), .receiver = next.receiver(), .product = next.product(),
                                    .giver = next.giver(), .giver_under_18 = next.giver_under_18()});
  }
  for (const v1::TableLimit& next : text.table_limits()) {
    words.OneOf(next.geography(), {"LSOA", "ward", "district", "county_city", "national"}, "geography");
    words.OneOf(next.period(), {"week", "month", "quarter", "year"}, "period");
    policy.table_limits[next.topic()] = {.geography = next.geography(), .period = next.period()};
  }
}

void CompileOrganisations(const v1::Organisations& text, Policy& policy, Problems& problems) {
  constexpr char kFile[] = "organisations.txtpb";
  const Words words(kFile, policy, problems);
  for (const v1::OrganisationType& next : text.types()) {
    words.OneOf(next.schedule_7(), {"true", "false", "partial"}, "Schedule 7 value");
    // UK GDPR Article 6(1): a public authority in its tasks may not rely on (ea) or (f).
    const bool interests = absl::StartsWith(next.basis(), "lb.ea") || absl::StartsWith(next.basis(), "lb.f");
    if (next.public_authority() == "true" && interests) {
      problems.Error(kFile, next.id(), "article-6", absl::StrCat("public authority `", next.id(), "` relies on `", next.basis(), "`"), "use lb.e or lb.c");
    }
    if (absl::StartsWith(next.basis(), "lb.ea") && !absl::StartsWith(next.basis(), "lb.ea.p")) {
      problems.Error(kFile, next.id(), "article-6", absl::StrCat("`", next.id(), "` names no paragraph of Annex 1"), "write lb.ea.p<paragraph>");
    }
    Add(policy.types, kFile, next.id(), OrganisationType{.id = next.id(), .schedule_7 = next.schedule_7(), .basis = next.basis(),
                                                         .special_condition = next.special_condition(), .offence_condition = next.offence_condition()}, problems);
  }
  for (const v1::Organisation& next : text.organisations()) {
    words.Type(next.type());
    Add(policy.organisations, kFile, next.id(), Organisation{.id = next.id(), .type = next.type(), .valid = words.Between(next.valid_from(), next.valid_to())}, problems);
  }
}

void CompileAreas(const v1::Areas& text, Policy& policy, Problems& problems) {
  constexpr char kFile[] = "areas.txtpb";
  const Words words(kFile, policy, problems);
  for (const v1::Area& next : text.areas()) {
    Add(policy.areas, kFile, next.gss(), Area{.gss = next.gss(), .within = {next.within().begin(), next.within().end()}, .valid = words.Between(next.valid_from(), next.valid_to())}, problems);
  }
  for (const v1::Area& next : text.areas()) {
    for (const std::string& whole : next.within()) words.Area(whole);
  }
}

void CompileCalendar(const v1::Calendar& text, Policy& policy, Problems& problems) {
  const Words words("calendar.txtpb", policy, problems);
  for (const std::string& day : text.bank_holidays()) policy.bank_holidays.insert(words.Day(day, absl::CivilDay::min()));
}

void CompileGateways(const v1::Gateways& text, Policy& policy, Problems& problems) {
  constexpr char kFile[] = "gateways.txtpb";
  const Words words(kFile, policy, problems);
  for (const v1::Gateway& next : text.gateways()) {
    words.OneOf(next.kind(), {"duty", "power", "process", "support", "exempt"}, "kind of gateway");
    Gateway gateway{.id = next.id(), .kind = next.kind()};
    for (const std::string& from : next.from()) {
      if (from == "*" || words.TypeOrOrganisation(from)) gateway.from.push_back(from);
    }
    for (const std::string& to : next.to()) {
      if (to == "*" || words.TypeOrOrganisation(to)) gateway.to.push_back(to);
    }
    gateway.excludes_categories = PatternOf(next.excludes_categories(), words);
    gateway.excludes_content = PatternOf(next.excludes_content(), words);
    for (const std::string& type : next.excludes_sender()) {
      if (words.Type(type)) gateway.excludes_sender.insert(type);
    }
    for (const std::string& flag : next.excludes_flags()) {
      if (words.Flag(flag)) gateway.excludes_flags.insert(flag);
    }
    gateway.depersonalised_only = next.depersonalised_only();
    gateway.never_used = next.never_used();
    gateway.needs_commencement = next.needs_commencement();
    if (!next.effective_from().empty()) gateway.effective_from = words.Day(next.effective_from(), absl::CivilDay::max());
    if (!next.needs_confirmation().empty()) {
      problems.Warn(Severity::kUnconfirmed, kFile, next.id(), "legal-point", absl::StrCat("`", next.id(), "` (", next.cite(), "): ", next.needs_confirmation()), "have it confirmed, then clear needs_confirmation");
    }
    Add(policy.gateways, kFile, next.id(), std::move(gateway), problems);
  }
}

}  // namespace derwent::policy
