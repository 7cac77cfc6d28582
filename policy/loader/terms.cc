#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/loader/entries.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"
#include "trust/base/london.h"

namespace derwent::policy {
namespace {

constexpr char kVocabulary[] = "vocabulary.txtpb";

ConsentStep CompileStep(const v1::ConsentStep& text, const Words& words) {
  words.OneOf(text.giver(), {"SUBJECT", "GUARDIAN"}, "giver of consent");
  if (!text.giver_under_18().empty()) words.OneOf(text.giver_under_18(), {"SUBJECT", "GUARDIAN"}, "giver of consent");
  if (!text.subject_role().empty()) words.SubjectRole(text.subject_role());
  return {.id = text.id(),
          .profile = text.profile(),
          .receiver = text.receiver(),
          .product = text.product(),
          .subject_role = text.subject_role(),
          .giver = text.giver(),
          .giver_under_18 = text.giver_under_18()};
}

Category CompileCategory(const v1::Category& text, const Words& words, Problems& problems) {
  Category category{.id = text.id(), .harm = text.harm()};
  if (text.harm() < 1 || text.harm() > 5)
    problems.Error(kVocabulary, text.id(), "harm", absl::StrCat("`", text.id(), "` has harm ", text.harm()),
                   "harm is 1 to 5");
  for (const std::string& c : text.classes()) {
    category.special = category.special || absl::StartsWith(c, "sc:") || c == "mix";
    category.offence = category.offence || absl::StartsWith(c, "crim");
    category.may_hold_health = category.may_hold_health || c == "mix" || absl::StartsWith(c, "sc:health");
  }
  // A composite holds health data rather than being it.
  const auto& classes = text.classes();
  category.health = std::ranges::count(classes, "sc:health") > 0 && std::ranges::count(classes, "mix") == 0;
  category.confidential = category.health || text.confidential();
  category.sensitive = text.law_enforcement_class() == "sensitive";
  for (const std::string& name : text.forms()) {
    if (const auto form = words.Form(name)) category.forms.push_back(*form);
  }
  if (category.forms.empty())
    problems.Error(kVocabulary, text.id(), "forms", absl::StrCat("`", text.id(), "` has no form"), "list at least one");
  CompileMeets(text, words, category, problems);
  return category;
}

}  // namespace

void CompileVocabulary(const v1::Vocabulary& text, Policy& policy, Problems& problems) {
  const Words words(kVocabulary, policy, problems);
  words.Each("categories", text.categories(), [&](const v1::Category& next) {
    Add(policy.categories, kVocabulary, next.id(), CompileCategory(next, words, problems), problems);
    Unconfirmed(kVocabulary, next.id(), next.needs_confirmation(), problems);
  });
  for (const v1::Term& next : text.subject_roles()) policy.subject_roles.insert(next.id());
  for (const v1::Term& next : text.obligations()) policy.obligations.insert(next.id());
  for (const v1::Term& next : text.markings()) policy.markings.push_back(next.id());
  words.Each("roles", text.roles(), [&](const v1::Role& next) {
    Add(policy.roles, kVocabulary, next.id(), std::set<std::string>(next.may().begin(), next.may().end()), problems);
    if (next.appointer() == v1::APPOINTER_UNSPECIFIED)
      problems.Error(kVocabulary, next.id(), "appointer", absl::StrCat("role `", next.id(), "` has no appointer"),
                     "say who appoints");
    if (!next.valid_from().empty() || !next.valid_to().empty())
      policy.role_days[next.id()] = words.Between(next.valid_from(), next.valid_to());
    if (next.appointer() == v1::APPOINTER_BOARD_OWNER)
      policy.board_roles.emplace(next.id(), next.panel());
    else if (!next.panel().empty())
      problems.Error(kVocabulary, next.id(), "appointer",
                     absl::StrCat("role `", next.id(), "` is of a panel whose owner does not appoint to it"),
                     "say `appointer: APPOINTER_BOARD_OWNER`, or name no panel");
  });
  words.Each("flags", text.flags(), [&](const v1::Flag& next) {
    Add(policy.flags, kVocabulary, next.id(), CompileFlag(next, words, policy, problems), problems);
  });
  words.Each("purposes", text.purposes(), [&](const v1::Purpose& next) {
    words.OneOf(next.law_enforcement(), {"true", "false", "mixed"}, "law-enforcement value");
    Add(policy.purposes, kVocabulary, next.id(),
        Purpose{.id = next.id(),
                .law_enforcement = next.law_enforcement(),
                .excluded = next.excluded(),
                .valid = words.Between(next.valid_from(), next.valid_to())},
        problems);
  });
  words.Each("consent_steps", text.consent_steps(),
             [&](const v1::ConsentStep& next) { policy.consent_steps.push_back(CompileStep(next, words)); });
  words.Each("other_steps", text.other_steps(), [&](const v1::Term& next) {
    const bool asks = std::any_of(policy.consent_steps.begin(), policy.consent_steps.end(),
                                  [&](const ConsentStep& step) { return step.id == next.id(); });
    if (asks || !policy.other_steps.insert(next.id()).second)
      problems.Error(kVocabulary, next.id(), "duplicate", absl::StrCat("`", next.id(), "` is there twice"),
                     asks ? "it takes consent: leave it out of other_steps" : "leave one out");
  });
  words.Each("table_limits", text.table_limits(), [&](const v1::TableLimit& next) {
    words.OneOf(next.geography(), {"LSOA", "ward", "district", "county_city", "national"}, "geography");
    words.OneOf(next.period(), {"week", "month", "quarter", "year"}, "period");
    if (policy.table_limits.contains(next.topic()))
      problems.Error(kVocabulary, next.topic(), "contradicted",
                     absl::StrCat("topic `", next.topic(), "` has two limits"), "keep one");
    if (next.primary_threshold() < 1 || next.round_to() < 1)
      problems.Error(kVocabulary, next.topic(), "table-limit",
                     absl::StrCat("tables of `", next.topic(), "` leave without disclosure control"),
                     "set primary_threshold and round_to (brief E.2)");
    policy.table_limits[next.topic()] = {.geography = next.geography(),
                                         .period = next.period(),
                                         .primary_threshold = next.primary_threshold(),
                                         .round_to = next.round_to()};
  });
}

void CompileAreas(const v1::Areas& text, Policy& policy, Problems& problems) {
  constexpr char kFile[] = "areas.txtpb";
  const Words words(kFile, policy, problems);
  words.Each("areas", text.areas(), [&](const v1::Area& next) {
    Add(policy.areas, kFile, next.gss(),
        Area{.gss = next.gss(),
             .within = {next.within().begin(), next.within().end()},
             .valid = words.Between(next.valid_from(), next.valid_to())},
        problems);
  });
  words.Each("areas", text.areas(), [&](const v1::Area& next) {
    for (const std::string& whole : next.within()) words.Area(whole);
  });
}

void CheckCalendar(const Policy& policy, Problems& problems) {
  const auto covered =
      policy.bank_holidays.empty() ? absl::CivilYear::min() : absl::CivilYear(*policy.bank_holidays.rbegin());
  for (const Agreement& agreement : policy.agreements) {
    const absl::CivilDay last = agreement.effective.last;
    if (absl::CivilYear(last) <= covered) continue;
    problems.Error(absl::StrCat("agreements/", agreement.id, ".txtpb"), FormatDay(last), "calendar",
                   absl::StrCat("`", agreement.id, "` runs to ", FormatDay(last),
                                ", and calendar.txtpb names no bank holiday of that year"),
                   "name England's bank holidays up to then, or end it sooner");
  }
}

void CompileCalendar(const v1::Calendar& text, Policy& policy, Problems& problems) {
  const Words words("calendar.txtpb", policy, problems);
  words.Each("bank_holidays", text.bank_holidays(),
             [&](const std::string& day) { policy.bank_holidays.insert(words.Day(day, absl::CivilDay::min())); });
}

}  // namespace derwent::policy
