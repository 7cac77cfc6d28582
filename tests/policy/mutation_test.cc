// Take one rule away, or loosen it: a worked decision or a standing assertion must notice. A rule of the matrix whose
// loss changes no release (difference.h says so) is no mutation; what loosens handling always is one.
#include <algorithm>
#include <cstdlib>
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

// The policy with one profile.
Policy Only(const std::string& id) {
  Policy only = Derbyshire();
  absl::erase_if(only.profiles, [&](const auto& entry) { return entry.first != id; });
  std::erase_if(only.agreements, [&](const Agreement& agreement) { return !agreement.profiles.contains(id); });
  return only;
}

TEST(Mutation, OfARuleIsNoticed) {
  Problems problems(DerbyshireFiles());
  const std::vector<v1::Assertion> assertions = ReadAssertions(DerbyshireFiles(), Derbyshire(), problems);
  int noticed = 0;
  int alike = 0;
  std::vector<std::string> missed;
  for (const auto& [id, profile] :
       std::map<std::string, Profile>(Derbyshire().profiles.begin(), Derbyshire().profiles.end())) {
    const Policy only = Only(id);
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

// Worked decisions whose text names `word`.
std::string WorkedThatName(absl::string_view word) {
  std::string own;
  for (const auto& [path, text] : DerbyshireFiles()) {
    if (!absl::StartsWith(path, "scenarios/")) continue;
    const std::vector<std::string> parts = absl::StrSplit(text, "\n- id: ");
    for (size_t i = 1; i < parts.size(); ++i) {
      if (absl::StrContains(parts[i], word)) absl::StrAppend(&own, "\n- id: ", parts[i]);
    }
  }
  return own;
}

struct FlagMutation {
  std::string what;
  std::function<void(Flag&)> change;
};

std::vector<FlagMutation> MutationsOf(const Flag& f) {
  std::vector<FlagMutation> all;
  for (const std::string& c : f.denies.patterns)
    all.push_back({"no longer denies " + c, [c](Flag& m) { std::erase(m.denies.patterns, c); }});
  for (const auto& [c, form] : f.reduces) all.push_back({"no longer reduces " + c, [](Flag& m) { m.reduces.clear(); }});
  for (const std::string& c : f.approver_categories.patterns)
    all.push_back({"asks nobody about " + c, [c](Flag& m) { std::erase(m.approver_categories.patterns, c); }});
  if (!f.approver.empty()) all.push_back({"asks the SPOC", [](Flag& m) { m.approver = "spoc"; }});
  if (!f.exception_grounds.empty()) {
    all.push_back({"has no exception", [](Flag& m) { m.exception_grounds = {"none"}; }});
    all.push_back({"is excepted from by the SPOC", [](Flag& m) { m.exception_approver = "spoc"; }});
    all.push_back({"bites on rights events", [](Flag& m) { m.spares_rights_events = false; }});
  } else if (!f.denies.patterns.empty()) {
    all.push_back({"spares rights events", [](Flag& m) { m.spares_rights_events = true; }});
  }
  return all;
}

// `least`: of 100; what is aimed at is 95.
void Tell(int noticed, const std::vector<std::string>& missed, absl::string_view of_what, int least) {
  for (const std::string& what : missed) std::cout << "missed " << what << "\n";
  const int score = 100 * noticed / std::max(1, noticed + static_cast<int>(missed.size()));
  std::cout << noticed << " mutations of " << of_what << " noticed, " << missed.size() << " missed (" << score
            << " % noticed)\n";
  EXPECT_GE(score, least) << of_what;
}

TEST(Mutation, OfAFlagIsNoticed) {
  int noticed = 0;
  std::vector<std::string> missed;
  for (const auto& [id, flag] : std::map<std::string, Flag>(Derbyshire().flags.begin(), Derbyshire().flags.end())) {
    const std::string worked = WorkedThatName(id);
    for (const FlagMutation& mutation : MutationsOf(flag)) {
      Policy changed = Derbyshire();
      mutation.change(changed.flags.at(id));
      if (!worked.empty() && WorkedNotices(worked, changed))
        ++noticed;
      else
        missed.push_back(absl::StrCat("flag ", id, " ", mutation.what));
    }
  }
  Tell(noticed, missed, "flags", 60);
}

TEST(Mutation, OfATableLimitIsNoticed) {
  int noticed = 0;
  std::vector<std::string> missed;
  for (const auto& [topic, limit] : Derbyshire().table_limits) {
    const std::string worked = WorkedThatName(topic == "default" ? "table:" : absl::StrCat("topic: ", topic));
    Policy changed = Derbyshire();
    changed.table_limits.at(topic) = {.geography = "LSOA", .period = "week"};
    if (!worked.empty() && WorkedNotices(worked, changed))
      ++noticed;
    else
      missed.push_back("limit of " + topic);
  }
  Tell(noticed, missed, "table limits", 55);
}

struct GatewayMutation {
  std::string what;
  std::function<void(Gateway&)> change;
};

std::vector<GatewayMutation> MutationsOf(const Gateway& g) {
  std::vector<GatewayMutation> all;
  for (const std::string& p : g.from) all.push_back({"from no " + p, [p](Gateway& m) { std::erase(m.from, p); }});
  for (const std::string& p : g.to) all.push_back({"to no " + p, [p](Gateway& m) { std::erase(m.to, p); }});
  for (const std::string& c : g.excludes_categories.patterns)
    all.push_back({"with " + c, [c](Gateway& m) { std::erase(m.excludes_categories.patterns, c); }});
  for (const std::string& p : g.excludes_sender)
    all.push_back({"by " + p, [p](Gateway& m) { m.excludes_sender.erase(p); }});
  if (!g.excludes_content.patterns.empty())
    all.push_back({"with what holds health data", [](Gateway& m) { m.excludes_content.patterns.clear(); }});
  if (g.depersonalised_only) all.push_back({"of persons", [](Gateway& m) { m.depersonalised_only = false; }});
  if (g.compels_by_document) all.push_back({"of free will", [](Gateway& m) { m.compels_by_document = false; }});
  if (g.needs_commencement) all.push_back({"commenced", [](Gateway& m) { m.needs_commencement = false; }});
  return all;
}

enum class Seen { kAlike, kNoticed, kMissed };

// Under one profile that names the gateway.
Seen Look(const std::string& profile, const std::string& gateway, const GatewayMutation& mutation,
          const std::vector<v1::Assertion>& assertions) {
  const Policy only = Only(profile);
  Policy changed = only;
  mutation.change(changed.gateways.at(gateway));
  if (WorkedNotices(WorkedOf(profile), changed)) return Seen::kNoticed;
  if (CompareReleases(only, changed, kDay).empty()) return Seen::kAlike;
  return AssertionNotices(changed, assertions) ? Seen::kNoticed : Seen::kMissed;
}

// One in so many in an ordinary run; DERWENT_MUTATE=all for the whole.
size_t EveryNth() {
  const char* const all = std::getenv("DERWENT_MUTATE");
  return all != nullptr && absl::string_view(all) == "all" ? 1 : 40;
}

TEST(Mutation, OfAGatewayIsNoticed) {
  Problems problems(DerbyshireFiles());
  const std::vector<v1::Assertion> assertions = ReadAssertions(DerbyshireFiles(), Derbyshire(), problems);
  int noticed = 0;
  size_t number = 0;
  std::vector<std::string> missed;
  for (const auto& [id, gateway] :
       std::map<std::string, Gateway>(Derbyshire().gateways.begin(), Derbyshire().gateways.end())) {
    for (const GatewayMutation& mutation : MutationsOf(gateway)) {
      if (!gateway.StandsAlone() || number++ % EveryNth() != 0) continue;
      bool differs = false;
      bool seen = false;
      for (const auto& [name, profile] : Derbyshire().profiles) {
        const auto& named = profile.gateways;
        if (seen || std::find(named.begin(), named.end(), id) == named.end()) continue;
        const Seen under = Look(name, id, mutation, assertions);
        seen = under == Seen::kNoticed;
        differs = differs || under != Seen::kAlike;
      }
      if (seen)
        ++noticed;
      else if (differs)
        missed.push_back(absl::StrCat(id, " ", mutation.what));
    }
  }
  Tell(noticed, missed, "gateways", 87);
}

// What loosens how a profile's releases are handled.
std::vector<Mutation> LooserHandlingOf(const Profile& p) {
  std::vector<Mutation> all;
  const auto add = [&](std::string what, std::function<void(Profile&)> change) {
    all.push_back({.what = std::move(what), .change = std::move(change)});
  };
  for (const std::string& o : p.obligations)
    add("obligation " + o + " gone", [o](Profile& m) { std::erase(m.obligations, o); });
  for (const std::string& kind : p.prohibited_payload)
    add("payload " + kind + " let through", [kind](Profile& m) { m.prohibited_payload.erase(kind); });
  if (p.existence_sensitive) add("existence told", [](Profile& m) { m.existence_sensitive = false; });
  if (p.enclave != "general") add("enclave gone", [](Profile& m) { m.enclave = "general"; });
  if (p.marking != Derbyshire().markings.front())
    add("marking the least strict", [](Profile& m) { m.marking = Derbyshire().markings.front(); });
  for (const char* role : {"practitioner", "duty_officer"})
    add(absl::StrCat(role, " opens cases"), [role](Profile& m) { m.convenors.insert(role); });
  for (size_t i = 0; i < p.footings.size(); ++i)
    add(absl::StrCat("footing ", i + 1, " gone"),
        [i](Profile& m) { m.footings.erase(m.footings.begin() + static_cast<long>(i)); });
  return all;
}

// Assertions that look at how what is released is handled, or that name facts and so ask about consent and flags.
std::vector<v1::Assertion> OfHandling(const std::vector<v1::Assertion>& all, const std::string& profile) {
  std::vector<v1::Assertion> some;
  for (const v1::Assertion& a : all) {
    const bool of_it =
        a.where().profiles().empty() ||
        std::find(a.where().profiles().begin(), a.where().profiles().end(), profile) != a.where().profiles().end();
    if (of_it && (a.has_handled() || !a.given_on().empty() || !a.received_on().empty())) some.push_back(a);
  }
  return some;
}

TEST(Mutation, OfHandlingIsNoticed) {
  Problems problems(DerbyshireFiles());
  const std::vector<v1::Assertion> assertions = ReadAssertions(DerbyshireFiles(), Derbyshire(), problems);
  int noticed = 0;
  std::vector<std::string> missed;
  const auto count = [&](bool seen, std::string what) {
    if (seen)
      ++noticed;
    else
      missed.push_back(std::move(what));
  };
  for (const auto& [id, profile] :
       std::map<std::string, Profile>(Derbyshire().profiles.begin(), Derbyshire().profiles.end())) {
    const Policy only = Only(id);
    const std::vector<v1::Assertion> of_it = OfHandling(assertions, id);
    EXPECT_FALSE(AssertionNotices(only, of_it)) << id;
    for (const Mutation& mutation : LooserHandlingOf(profile)) {
      Policy changed = only;
      mutation.change(changed.profiles.at(id));
      count(AssertionNotices(changed, of_it), absl::StrCat(id, ": ", mutation.what));
    }
  }
  const Policy marac = Only("marac");
  for (const auto& [id, flag] : Derbyshire().flags) {
    for (const std::string& obligation : flag.obligations) {
      Policy changed = marac;
      std::erase(changed.flags.at(id).obligations, obligation);
      count(AssertionNotices(changed, OfHandling(assertions, "marac")), absl::StrCat(id, ": no ", obligation));
    }
  }
  for (const std::string& what : missed) std::cout << "missed " << what << "\n";
  const int score = 100 * noticed / static_cast<int>(noticed + missed.size());
  std::cout << noticed << " looser handlings noticed, " << missed.size() << " missed (" << score << " % noticed)\n";
  EXPECT_GE(score, 95);
}

TEST(Mutation, OfAConsentStepIsNoticed) {
  std::string worked;
  for (const auto& [path, text] : DerbyshireFiles()) {
    if (absl::StartsWith(path, "scenarios/")) absl::StrAppend(&worked, text, "\n");
  }
  for (size_t i = 0; i < Derbyshire().consent_steps.size(); ++i) {
    const ConsentStep& step = Derbyshire().consent_steps[i];
    Policy gone = Derbyshire();
    gone.consent_steps.erase(gone.consent_steps.begin() + static_cast<long>(i));
    EXPECT_TRUE(WorkedNotices(worked, gone)) << step.id;
    Policy otherwise = Derbyshire();
    otherwise.consent_steps[i].giver = "GUARDIAN";
    EXPECT_TRUE(WorkedNotices(worked, otherwise)) << step.id << " from a guardian";
    if (step.giver_under_18.empty()) continue;
    otherwise = Derbyshire();
    otherwise.consent_steps[i].giver_under_18.clear();
    EXPECT_TRUE(WorkedNotices(worked, otherwise)) << step.id << " from a child";
  }
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
