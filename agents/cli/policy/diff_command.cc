#include "agents/cli/policy/diff_command.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "agents/cli/policy/reporting.h"
#include "policy/space/difference.h"
#include "trust/base/london.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string old_directory, new_directory, at;
};

// The first few, and how many more.
std::string Few(const std::set<std::string>& names) {
  constexpr size_t kMost = 5;
  if (names.size() <= kMost) return absl::StrJoin(names, ", ");
  return absl::StrCat(absl::StrJoin(names.begin(), std::next(names.begin(), kMost), ", "), " and ",
                      names.size() - kMost, " more");
}

std::string Line(const policy::Difference& d) {
  return absl::StrCat("    ", d.kind, ": was ", d.was, ", now ", d.now,
                      d.when.empty() ? "" : absl::StrCat(" (", d.when, ")"), ", under ", d.profile, "; from ",
                      Few(d.givers), "; as ", Few(d.roles), "; for ", Few(d.purposes), "\n");
}

void Print(const policy::Differences& found, absl::string_view title, bool opens, bool sensitive, bool any_class) {
  const policy::Difference* last = nullptr;
  for (const policy::Difference& d : found.releases) {
    if (d.opens != opens || (!any_class && d.sensitive != sensitive)) continue;
    if (last == nullptr) std::cout << title << "\n";
    if (last == nullptr || last->receiver != d.receiver) std::cout << d.receiver << "\n";
    if (last == nullptr || last->receiver != d.receiver || last->category != d.category)
      std::cout << "  " << d.category << (d.sensitive ? " (special category or offence)" : "") << "\n";
    std::cout << Line(d);
    last = &d;
  }
}

// Legal points that wait for confirmation, each with its file.
std::set<std::string> PointsOf(const OfflinePolicy& offline) {
  std::set<std::string> points;
  for (const policy::Problem& problem : offline.problems) {
    if (problem.severity == policy::Severity::kUnconfirmed)
      points.insert(absl::StrCat(problem.file, ", ", problem.message));
  }
  return points;
}

// Legal points of `those` that `others` do not have.
void PrintPoints(absl::string_view title, const std::set<std::string>& those, const std::set<std::string>& others) {
  for (const std::string& point : those) {
    if (!others.contains(point)) std::cout << title << ": " << point << "\n";
  }
}

int Diff(const Options& o) {
  const absl::StatusOr<absl::CivilDay> day = o.at.empty() ? LondonDay(absl::Now()) : ParseDay(o.at);
  if (!day.ok()) return FailPolicy(day.status());
  const absl::StatusOr<OfflinePolicy> was = GoodPolicy(o.old_directory);
  if (!was.ok()) return FailPolicy(was.status());
  const absl::StatusOr<OfflinePolicy> now = GoodPolicy(o.new_directory);
  if (!now.ok()) return FailPolicy(now.status());
  const policy::Differences found = policy::Compare({*was->policy, was->files}, {*now->policy, now->files}, *day);
  Print(found, "OPENS: special-category and offence data", true, true, false);
  Print(found, "OPENS: other data", true, false, false);
  Print(found, "TIGHTENS", false, false, true);
  for (const policy::HandlingDifference& d : found.handling)
    std::cout << "handling, " << d.of << ": " << d.what << " (" << policy::WeightName(d.weight)
              << (d.loosens() ? absl::StrCat(", of what they give: ", Few(d.givers)) : "") << ")\n";
  const std::set<std::string> waited = PointsOf(*was);
  const std::set<std::string> waits = PointsOf(*now);
  PrintPoints("now needs confirmation", waits, waited);
  PrintPoints("no longer needs confirmation", waited, waits);
  const auto gains =
      std::count_if(found.releases.begin(), found.releases.end(), [](const policy::Difference& d) { return d.opens; });
  std::cout << was->policy->digest << " to " << now->policy->digest << ", for " << FormatDay(*day) << ": " << gains
            << " gains, " << found.releases.size() - gains << " losses, " << found.handling.size() << " in handling; "
            << waits.size() << " legal points need confirmation\n";
  return found.opens() ? kPolicyFailed : kPolicyDone;
}

}  // namespace

void AddDiffCommand(CLI::App& policy, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callback.
  CLI::App* const diff = policy.add_subcommand(
      "diff", "what becomes newly shared or no longer shared between two policies; exit 1 when anything opens");
  diff->add_option("old", o->old_directory, "the folder of the policy as it was")->required();
  diff->add_option("new", o->new_directory, "the folder of the policy as it would be")->required();
  diff->add_option("--at", o->at, "the day to compare for, YYYY-MM-DD; else today");
  diff->callback([o, &exit_code] { exit_code = Diff(*o); });
}

}  // namespace derwent::cli
