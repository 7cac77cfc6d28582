#include "policy/loader/lawful.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace derwent::policy {
namespace {

// `prefix` and each number from `first` to `last`.
void Number(absl::string_view prefix, int first, int last, std::vector<std::string>& codes) {
  for (int paragraph = first; paragraph <= last; ++paragraph) codes.push_back(absl::StrCat(prefix, paragraph));
}

LawfulList Article6() {
  LawfulList list{.rule = "article-6", .what = "lawful basis", .codes = {"lb.a", "lb.c", "lb.d", "lb.e", "lb.f"}};
  Number("lb.ea.p", 1, 6, list.codes);
  return list;
}

LawfulList Article9() {
  LawfulList list{.rule = "article-9", .what = "condition for special-category data", .codes = {}};
  Number("c9.g", 6, 28, list.codes);
  for (const char* code : {"c9.h2", "c9.a", "c9.b1", "c9.c", "c9.d", "c9.e", "c9.f", "c9.i3", "c9.j4"})
    list.codes.emplace_back(code);
  return list;
}

LawfulList Article10() {
  LawfulList list{.rule = "article-10", .what = "condition for offence data", .codes = {}};
  Number("c10.", 1, 4, list.codes);
  Number("c10.", 6, 37, list.codes);
  return list;
}

LawfulList Schedule8() {
  LawfulList list{.rule = "schedule-8", .what = "condition for sensitive processing under Part 3", .codes = {}};
  Number("s8.", 1, 9, list.codes);
  return list;
}

}  // namespace

const LawfulList& Bases() {
  static const auto& list = *new LawfulList(Article6());
  return list;
}

const LawfulList& SpecialConditions() {
  static const auto& list = *new LawfulList(Article9());
  return list;
}

const LawfulList& OffenceConditions() {
  static const auto& list = *new LawfulList(Article10());
  return list;
}

const LawfulList& Schedule8Conditions() {
  static const auto& list = *new LawfulList(Schedule8());
  return list;
}

bool IsInterest(absl::string_view basis) { return absl::StartsWith(basis, "lb.ea") || basis == "lb.f"; }

void CheckLawful(const LawfulList& list, const std::string& code, absl::string_view file, Problems& problems) {
  if (std::find(list.codes.begin(), list.codes.end(), code) != list.codes.end()) return;
  const std::string closest = Closest(code, list.codes);
  problems.Error(file, code, list.rule, absl::StrCat("`", code, "` is no ", list.what),
                 closest.empty() ? absl::StrCat("write one, as `", list.codes.front(), "`")
                                 : absl::StrCat("did you mean `", closest, "`?"));
}

}  // namespace derwent::policy
