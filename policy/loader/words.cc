#include "policy/loader/words.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "trust/base/london.h"

namespace derwent::policy {

bool Words::Known(bool known, absl::string_view what, const std::string& name,
                  const std::vector<std::string>& all) const {
  if (known) return true;
  const std::string closest = Closest(name, all);
  problems_.Error(
      file_, name, "unknown-name", absl::StrCat("no ", what, " is called `", name, "`"),
      closest.empty() ? "add it to the vocabulary or correct it" : absl::StrCat("did you mean `", closest, "`?"));
  return false;
}

bool Words::Category(const std::string& id) const {
  return Known(policy_.categories.contains(id), "category", id, KeysOf(policy_.categories));
}
bool Words::Role(const std::string& id) const {
  return Known(policy_.roles.contains(id), "role", id, KeysOf(policy_.roles));
}
bool Words::Purpose(const std::string& id) const {
  return Known(policy_.purposes.contains(id), "purpose", id, KeysOf(policy_.purposes));
}
bool Words::Flag(const std::string& id) const {
  return Known(policy_.flags.contains(id), "flag", id, KeysOf(policy_.flags));
}
bool Words::SubjectRole(const std::string& id) const {
  return Known(policy_.subject_roles.contains(id), "subject role", id, KeysOf(policy_.subject_roles));
}
bool Words::Obligation(const std::string& id) const {
  return Known(policy_.obligations.contains(id), "obligation", id, KeysOf(policy_.obligations));
}
bool Words::Type(const std::string& id) const {
  return Known(policy_.types.contains(id), "type of organisation", id, KeysOf(policy_.types));
}
bool Words::Organisation(const std::string& id) const {
  return Known(policy_.organisations.contains(id), "organisation", id, KeysOf(policy_.organisations));
}
bool Words::Gateway(const std::string& id) const {
  return Known(policy_.gateways.contains(id), "gateway", id, KeysOf(policy_.gateways));
}
bool Words::Profile(const std::string& id) const {
  return Known(policy_.profiles.contains(id), "profile", id, KeysOf(policy_.profiles));
}
bool Words::Area(const std::string& id) const {
  return Known(policy_.areas.contains(id), "area", id, KeysOf(policy_.areas));
}

bool Words::Marking(const std::string& id) const {
  return Known(std::find(policy_.markings.begin(), policy_.markings.end(), id) != policy_.markings.end(), "marking", id,
               policy_.markings);
}

bool Words::TypeOrOrganisation(const std::string& id) const {
  std::vector<std::string> all = KeysOf(policy_.types);
  for (const std::string& organisation : KeysOf(policy_.organisations)) all.push_back(organisation);
  return Known(policy_.types.contains(id) || policy_.organisations.contains(id), "type or organisation", id, all);
}

bool Words::Pattern(const std::string& pattern) const {
  const CategoryPattern wanted{.patterns = {pattern}};
  const std::vector<std::string> all = KeysOf(policy_.categories);
  return Known(std::any_of(all.begin(), all.end(), [&](const std::string& id) { return wanted.Matches(id); }),
               "category", pattern, all);
}

std::optional<policy::Form> Words::Form(const std::string& name) const {
  const std::optional<policy::Form> form = ParseForm(name);
  Known(
      form.has_value(), "form", name,
      {"full", "summarise", "generalise", "mask", "pseudonymise", "aggregate", "flag_only", "contact_owner", "relay"});
  return form;
}

std::optional<std::pair<std::string, policy::Form>> Words::CategoryForm(const std::string& text) const {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const bool category = Category(parts.first);
  const std::optional<policy::Form> form = Form(parts.second);
  if (!category || !form.has_value()) return std::nullopt;
  return std::make_pair(parts.first, *form);
}

std::optional<std::pair<std::string, std::string>> Words::CategoryRole(const std::string& text) const {
  std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const bool category = Category(parts.first);
  const bool role = Role(parts.second);
  if (!category || !role) return std::nullopt;
  return parts;
}

absl::CivilDay Words::Day(const std::string& text, absl::CivilDay otherwise) const {
  if (text.empty()) return otherwise;
  const absl::StatusOr<absl::CivilDay> day = ParseDay(text);
  if (day.ok()) return *day;
  problems_.Error(file_, text, "date", absl::StrCat("`", text, "` is not a date"), "write YYYY-MM-DD");
  return otherwise;
}

Days Words::Between(const std::string& first, const std::string& last) const {
  const Days days{.first = Day(first, absl::CivilDay::min()), .last = Day(last, absl::CivilDay::max())};
  if (days.last < days.first)
    problems_.Error(file_, last, "date", absl::StrCat("the last day `", last, "` is before the first"),
                    "correct one of them");
  return days;
}

bool Words::OneOf(const std::string& value, const std::vector<std::string>& allowed, absl::string_view what) const {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return true;
  problems_.Error(file_, value, "closed-list", absl::StrCat("`", value, "` is no ", what),
                  absl::StrCat("use one of: ", absl::StrJoin(allowed, ", ")));
  return false;
}

}  // namespace derwent::policy
