// Take one rule away, or loosen it: a worked decision or a standing assertion must notice. What no question can tell
// from the policy as it is (difference.h says so) is no mutation.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "agents/cli/policy/scenarios.h"
#include "policy/space/assertion.h"
#include "policy/space/difference.h"
#include "policy/space/prove.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

struct Mutation {
  std::string what;
  std::function<void(Profile&)> change;
};

std::vector<Mutation> MutationsOf(const Profile& p) {
  std::vector<Mutation> all;
  const auto add = [&](std::string what, std::function<void(Profile&)> change) {
    all.push_back({.what = std::move(what), .change = std::move(change)});
  };
  for (const std::string& c : p.necessary) add("necessary " + c + " gone", [c](Profile& m) { m.necessary.erase(c); });
  for (const auto& [c, conditional] : p.conditional) {
    add("conditional " + c + " gone", [c = c](Profile& m) { m.conditional.erase(c); });
    add("conditional " + c + " needs no ground", [c = c](Profile& m) {
      m.conditional.erase(c);
      m.necessary.insert(c);
    });
    if (conditional.has_form && conditional.form != Form::kFull)
      add("conditional " + c + " in full", [c = c](Profile& m) { m.conditional.at(c).has_form = false; });
    if (conditional.of_a_child)
      add("conditional " + c + " at any age", [c = c](Profile& m) { m.conditional.at(c).of_a_child = false; });
    if (!conditional.or_consent.empty())
      add("conditional " + c + " of a child alone", [c = c](Profile& m) { m.conditional.at(c).or_consent.clear(); });
    if (!conditional.approver.empty())
      add("conditional " + c + " asks nobody", [c = c](Profile& m) { m.conditional.at(c).approver.clear(); });
  }
  for (const auto& [r, ceiling] : p.ceilings) {
    add("ceiling of " + r + " gone", [r = r](Profile& m) { m.ceilings.erase(r); });
    for (const std::string& c : ceiling.permit)
      add("ceiling of " + r + " without " + c, [r = r, c](Profile& m) { m.ceilings.at(r).permit.erase(c); });
    for (const auto& [c, form] : ceiling.redact)
      add("ceiling of " + r + " permits " + c, [r = r, c = c](Profile& m) {
        m.ceilings.at(r).redact.erase(c);
        m.ceilings.at(r).permit.insert(c);
      });
    for (const auto& [c, role] : ceiling.approve)
      add("ceiling of " + r + " asks nobody for " + c, [r = r, c = c](Profile& m) {
        m.ceilings.at(r).approve.erase(c);
        m.ceilings.at(r).permit.insert(c);
      });
  }
  for (const auto& [r, scope] : p.receivers) {
    add("receiver " + r + " gone", [r = r](Profile& m) { m.receivers.erase(r); });
    if (!scope.case_scope)
      add("receiver " + r + " sees the case", [r = r](Profile& m) { m.receivers.at(r).case_scope = true; });
  }
  for (const std::string& s : p.senders) add("sender " + s + " gone", [s](Profile& m) { m.senders.erase(s); });
  for (const std::string& g : p.gateways) add("gateway " + g + " gone", [g](Profile& m) { std::erase(m.gateways, g); });
  for (const std::string& s : p.purposes) add("purpose " + s + " gone", [s](Profile& m) { m.purposes.erase(s); });
  for (const auto& [id, product] : p.products) {
    for (const std::string& c : product.allow)
      add("product " + id + " without " + c, [id = id, c](Profile& m) { m.products.at(id).allow.erase(c); });
  }
  return all;
}

// Worked decisions of one profile.
std::string WorkedOf(const std::string& profile) {
  std::string own;
  for (const auto& [path, text] : DerbyshireFiles()) {
    if (!absl::StartsWith(path, "scenarios/")) continue;
    const std::vector<std::string> parts = absl::StrSplit(text, "\n- id: ");
    for (size_t i = 1; i < parts.size(); ++i) {
      if (absl::StrContains(parts[i], absl::StrCat("  profile: ", profile, "\n")))
        absl::StrAppend(&own, "\n- id: ", parts[i]);
    }
  }
  return own;
}

bool WorkedNotices(const std::string& worked, const Policy& policy) {
  const auto results = cli::RunScenarios(worked, policy);
  return !results.ok() || std::any_of(results->begin(), results->end(),
                                      [](const cli::ScenarioResult& r) { return !r.differences.empty(); });
}

// Assertions that forbid; those about what is possible look at one profile each and are left to prove_test.
bool AssertionNotices(const Policy& policy, const std::vector<v1::Assertion>& assertions) {
  Prover prover(policy, kDay);
  return std::any_of(assertions.begin(), assertions.end(), [&](const v1::Assertion& a) {
    return !a.possible() && a.where().on().empty() && !a.silent() && !prover.Prove(a).holds;
  });
}

TEST(Mutation, OfARuleIsNoticed) {
  Problems problems(DerbyshireFiles());
  const std::vector<v1::Assertion> assertions = ReadAssertions(DerbyshireFiles(), Derbyshire(), problems);
  int noticed = 0;
  int alike = 0;
  std::vector<std::string> missed;
  for (const auto& [id, profile] :
       std::map<std::string, Profile>(Derbyshire().profiles.begin(), Derbyshire().profiles.end())) {
    Policy only = Derbyshire();
    absl::erase_if(only.profiles, [&](const auto& entry) { return entry.first != id; });
    std::erase_if(only.agreements, [&](const Agreement& agreement) { return !agreement.profiles.contains(id); });
    const std::string worked = WorkedOf(id);
    for (const Mutation& mutation : MutationsOf(profile)) {
      Policy changed = only;
      mutation.change(changed.profiles.at(id));
      if (WorkedNotices(worked, changed))
        ++noticed;
      else if (CompareReleases(only, changed, kDay).empty())
        ++alike;
      else if (AssertionNotices(changed, assertions))
        ++noticed;
      else
        missed.push_back(absl::StrCat(id, ": ", mutation.what));
    }
  }
  for (const std::string& what : missed) std::cout << "missed " << what << "\n";
  const int score = 100 * noticed / static_cast<int>(noticed + missed.size());
  std::cout << noticed << " mutations noticed, " << missed.size() << " missed (" << score << " % noticed); " << alike
            << " change no decision\n";
  EXPECT_GE(score, 95);
}

// Overlays stand in agreements: the worked decisions that are for an area must notice each.
TEST(Mutation, OfAnOverlayIsNoticed) {
  for (size_t i = 0; i < Derbyshire().agreements.size(); ++i) {
    const Agreement& agreement = Derbyshire().agreements[i];
    const std::string worked = agreement.overlays.empty() ? "" : WorkedOf(*agreement.profiles.begin());
    for (size_t overlay = 0; overlay < agreement.overlays.size(); ++overlay) {
      Policy changed = Derbyshire();
      auto& overlays = changed.agreements[i].overlays;
      overlays.erase(overlays.begin() + static_cast<long>(overlay));
      EXPECT_TRUE(WorkedNotices(worked, changed)) << agreement.id << ": " << agreement.overlays[overlay].first;
    }
  }
}

}  // namespace
}  // namespace derwent::policy
