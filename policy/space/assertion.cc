#include "policy/space/assertion.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "policy/loader/lawful.h"
#include "policy/loader/text.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

bool NamesFacts(const v1::Cells& c) {
  return c.flags_size() + c.subject_roles_size() + c.ages_size() + c.consents_size() + c.steps_size() +
                 c.missing_size() + c.exceptions_size() + c.onward_size() + c.tables_size() + c.events_size() >
             0 ||
         !c.on().empty();
}

// Whether some purpose is the one named, or within the prefix.
bool KnownPurposes(const std::string& pattern, const Policy& policy) {
  const CategoryPattern wanted{.patterns = {pattern}};
  return std::any_of(policy.purposes.begin(), policy.purposes.end(),
                     [&](const auto& entry) { return wanted.Matches(entry.first); });
}

template <typename Check>
void Each(const Names& names, Check check) {
  for (const std::string& name : names) check(name);
}

void CheckWho(const v1::Cells& c, const Words& words, const Policy& policy) {
  Each(c.profiles(), [&](const std::string& n) { words.Profile(n); });
  Each(c.purposes(), [&](const std::string& n) {
    if (!KnownPurposes(n, policy)) words.Purpose(n);
  });
  Each(c.routes(), [&](const std::string& n) {
    words.OneOf(n, {"ORDINARY", "BREAK_GLASS", "STATUTORY_REQUEST", "STATISTICS", "RIGHTS_EVENT", "AUDIT"}, "route");
  });
  Each(c.givers(), [&](const std::string& n) { words.TypeOrOrganisation(n); });
  Each(c.receivers(), [&](const std::string& n) { words.TypeOrOrganisation(n); });
  Each(c.roles(), [&](const std::string& n) { words.Role(n); });
  Each(c.areas(), [&](const std::string& n) { words.Area(n); });
  Each(c.categories(), [&](const std::string& n) { words.Pattern(n); });
  Each(c.classes(), [&](const std::string& n) { words.OneOf(n, {"special", "offence", "health"}, "class"); });
}

void CheckFacts(const v1::Cells& c, const Words& words, const Policy& policy) {
  Each(c.flags(), [&](const std::string& n) { words.Flag(n); });
  Each(c.subject_roles(), [&](const std::string& n) { words.SubjectRole(n); });
  Each(c.ages(), [&](const std::string& n) { words.OneOf(n, {"CHILD", "ADULT", "UNKNOWN"}, "age"); });
  Each(c.consents(), [&](const std::string& n) { words.OneOf(n, {"NONE", "SUBJECT", "GUARDIAN", "BOTH"}, "consent"); });
  std::vector<std::string> steps;
  for (const ConsentStep& step : policy.consent_steps) steps.push_back(step.id);
  Each(c.steps(), [&](const std::string& n) { words.OneOf(n, steps, "consent step"); });
  Each(c.missing(), [&](const std::string& n) {
    words.OneOf(n, {"CASE_LINK", "JUSTIFICATION", "GROUND", "DOCUMENT", "AREA", "FACTS", "FLAGS"},
                "thing that can be missing");
  });
  Each(c.exceptions(), [&](const std::string& n) { words.Flag(n.substr(0, n.find('='))); });
  Each(c.onward(), [&](const std::string& n) {
    const std::vector<std::string> parts = absl::StrSplit(n, '=');
    words.Organisation(parts[0]);
    words.OneOf(parts.size() == 3 ? parts[1] : "", {"PROCESSOR", "CONTROLLER"}, "way of passing on");
    words.OneOf(parts.size() == 3 ? parts[2] : "", {"pending", "given", "refused"}, "answer of the originator");
  });
  Each(c.tables(), [&](const std::string& n) {
    words.OneOf(n.substr(0, n.find('/')), KeysOf(policy.table_limits), "topic of a table");
  });
  Each(c.events(), [&](const std::string& n) {
    words.OneOf(n, {"access", "rectification", "erasure", "restriction"}, "rights event");
  });
  words.Day(c.on(), absl::CivilDay::min());
}

// Everything that a side may rest on.
std::vector<std::string> Grounds() {
  std::vector<std::string> all = {"UK_GDPR", "PART_3", "le.35"};
  for (const LawfulList* list : {&Bases(), &SpecialConditions(), &OffenceConditions(), &Schedule8Conditions()})
    all.insert(all.end(), list->codes.begin(), list->codes.end());
  return all;
}

void CheckHandled(const v1::Handled& handled, const Words& words) {
  if (!handled.marking().empty()) words.Marking(handled.marking());
  Each(handled.obligations(), [&](const std::string& n) { words.Obligation(n); });
  Each(handled.convenors(), [&](const std::string& n) { words.Role(n); });
}

void Check(absl::string_view file, const v1::Assertion& a, const Words& words, const Policy& policy,
           Problems& problems) {
  const auto wrong = [&](std::string message, std::string advice) {
    problems.Error(file, a.id(), "assertion", std::move(message), std::move(advice));
  };
  if (a.id().empty() || a.says().empty() || a.source().empty())
    wrong(absl::StrCat("assertion `", a.id(), "` has no id, no words or no source"),
          "say what holds and where that comes from");
  const std::array<bool, 12> stated = {a.never(),
                                       !a.forms().empty(),
                                       !a.approvers().empty(),
                                       !a.not_approvers().empty(),
                                       !a.not_by_gateways().empty(),
                                       a.footed(),
                                       a.silent(),
                                       a.possible(),
                                       a.overlays_tighten(),
                                       a.has_handled(),
                                       !a.given_on().empty(),
                                       !a.received_on().empty()};
  const auto properties = std::count(stated.begin(), stated.end(), true);
  if (properties != 1)
    wrong(absl::StrCat("assertion `", a.id(), "` has ", properties, " properties"),
          "give one of never, forms, approvers, not_approvers, not_by_gateways, footed, silent, possible, "
          "overlays_tighten, handled, given_on, received_on");
  CheckWho(a.where(), words, policy);
  CheckFacts(a.where(), words, policy);
  for (const v1::Cells& cells : a.except()) {
    CheckWho(cells, words, policy);
    if (NamesFacts(cells))
      wrong(absl::StrCat("an exception of `", a.id(), "` names facts"),
            "put them in `where` of an assertion of its own");
  }
  Each(a.forms(), [&](const std::string& n) { words.Form(n); });
  Each(a.approvers(), [&](const std::string& n) {
    if (n != "*") words.Role(n);
  });
  Each(a.not_approvers(), [&](const std::string& n) { words.Role(n); });
  Each(a.not_by_gateways(), [&](const std::string& n) { words.Gateway(n); });
  CheckHandled(a.handled(), words);
  for (const Names* grounds : {&a.given_on(), &a.received_on()})
    Each(*grounds, [&](const std::string& n) { words.OneOf(n, Grounds(), "basis, condition or regime"); });
}

}  // namespace

std::vector<v1::Assertion> ReadAssertions(const Files& files, const Policy& policy, Problems& problems) {
  std::vector<v1::Assertion> all;
  std::set<std::string> ids;
  for (const auto& entry : files) {
    const std::string& path = entry.first;
    v1::Assertions file;
    if (!absl::StartsWith(path, "assertions/") || !ParseText(files, path, file, problems)) continue;
    const Words words(path, policy, problems);
    words.Each("assertions", file.assertions(), [&](const v1::Assertion& next) {
      Check(path, next, words, policy, problems);
      if (!ids.insert(next.id()).second)
        problems.Error(path, next.id(), "duplicate", absl::StrCat("assertion `", next.id(), "` stands twice"),
                       "rename one");
      all.push_back(next);
    });
  }
  return all;
}

void CheckAssertions(const Files& files, const Policy* policy, Problems& problems) {
  if (policy != nullptr) return static_cast<void>(ReadAssertions(files, *policy, problems));
  for (const auto& [path, text] : files) {
    v1::Assertions file;
    if (absl::StartsWith(path, "assertions/")) ParseText(files, path, file, problems);
  }
}

}  // namespace derwent::policy
