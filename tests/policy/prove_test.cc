// The standing assertions hold, and each can be refuted.
#include "policy/space/prove.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "policy/loader/request.h"
#include "policy/space/assertion.h"
#include "policy/space/switches.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

std::vector<v1::Assertion> Standing() {
  Problems problems(DerbyshireFiles());
  std::vector<v1::Assertion> all = ReadAssertions(DerbyshireFiles(), Derbyshire(), problems);
  for (const Problem& problem : problems.list()) ADD_FAILURE() << problem.ToString();
  return all;
}

TEST(Prove, EveryStandingAssertionHolds) {
  Prover prover(Derbyshire(), kDay);
  const std::vector<v1::Assertion> all = Standing();
  EXPECT_GE(all.size(), 40u);
  for (const v1::Assertion& assertion : all) {
    const Proof proof = prover.Prove(assertion);
    EXPECT_TRUE(proof.holds) << assertion.id() << ": " << proof.why;
  }
}

bool Refutes(const Policy& policy, const std::string& id) {
  const std::vector<v1::Assertion> all = Standing();
  const auto found = std::find_if(all.begin(), all.end(), [&](const v1::Assertion& a) { return a.id() == id; });
  return found != all.end() && !Prover(policy, kDay).Prove(*found).holds;
}

TEST(Prove, CatchesARuleThatIsTakenAway) {
  struct Case {
    const char* assertion;
    std::function<void(Policy&)> change;
  };
  const Case cases[] = {
      {"secrets_never_leave",
       [](Policy& p) {
         p.flags.at("ct_sensitive").denies.patterns.clear();
         p.profiles.at("channel").blocked_flags.clear();
       }},
      {"channel_support_needs_consent", [](Policy& p) { p.consent_steps.clear(); }},
      {"channel_child_needs_guardian",
       [](Policy& p) {
         for (ConsentStep& step : p.consent_steps) step.giver_under_18.clear();
       }},
      {"voluntary_bodies_no_intelligence", [](Policy& p) { p.profiles.at("marac").ceilings.erase("voluntary"); }},
      {"intelligence_is_approved", [](Policy& p) { p.profiles.at("marac").necessary.insert("intelligence"); }},
      {"protected_address_hidden", [](Policy& p) { p.flags.at("address_protected").denies.patterns.clear(); }},
      {"immigration_enforcement_receives_nothing", [](Policy& p) { p.gateways.at("gw.cl_policing").to = {"*"}; }},
      {"marac_reaches_victims_services", [](Policy& p) { p.profiles.at("marac").necessary.erase("risk.victim"); }},
      {"existence_is_not_told", [](Policy& p) { p.profiles.at("marac").existence_sensitive = false; }},
      {"protected_address_obliges", [](Policy& p) { p.flags.at("address_protected").obligations.clear(); }},
      {"marac_is_handled", [](Policy& p) { p.profiles.at("marac").marking = p.markings.front(); }},
      {"channel_is_handled", [](Policy& p) { p.profiles.at("channel").enclave = "general"; }},
      {"marac_police_s8_4", [](Policy& p) { p.profiles.at("marac").footings.clear(); }},
      {"no_agreement_after_its_end", [](Policy& p) {
         for (Agreement& a : p.agreements) a.effective.last = absl::CivilDay(2028, 4, 1);
       }}};
  for (const Case& next : cases) {
    Policy changed = TwoProfiles();
    EXPECT_FALSE(Refutes(changed, next.assertion)) << next.assertion;
    next.change(changed);
    EXPECT_TRUE(Refutes(changed, next.assertion)) << next.assertion;
  }
}

// With one profile that two agreements adopt, the county's and a district's.
Policy OfTheDistrict() {
  Policy small = Derbyshire();
  absl::erase_if(small.profiles, [](const auto& entry) { return entry.first != "tb.ncasb"; });
  std::erase_if(small.agreements, [](const Agreement& a) { return !a.profiles.contains("tb.ncasb"); });
  return small;
}

Agreement& Named(Policy& policy, const std::string& id) {
  return *std::find_if(policy.agreements.begin(), policy.agreements.end(),
                       [&](const Agreement& a) { return a.id == id; });
}

TEST(SwitchDays, AreThoseOnWhichSomethingBeginsOrIsOver) {
  Policy policy = TwoProfiles();
  const std::vector<absl::CivilDay> before = SwitchDays(policy, kDay);
  EXPECT_EQ(before.front(), kDay);
  EXPECT_TRUE(std::ranges::is_sorted(before));
  const auto on = [&](absl::CivilDay day) {
    const std::vector<absl::CivilDay> days = SwitchDays(policy, kDay);
    return std::ranges::find(days, day) != days.end();
  };
  const absl::CivilDay day(2027, 1, 11);
  struct Case {
    const char* name;
    std::function<void(Policy&, absl::CivilDay first, absl::CivilDay last)> set;
  };
  const Case cases[] = {{"agreement",
                         [](Policy& p, auto first, auto last) {
                           p.agreements[0].effective = {first, last};
                         }},
                        {"agency",
                         [](Policy& p, auto first, auto last) {
                           p.organisations.at("dfrs").valid = {first, last};
                         }},
                        {"area",
                         [](Policy& p, auto first, auto last) {
                           p.areas.at("E07000037").valid = {first, last};
                         }},
                        {"role",
                         [](Policy& p, auto first, auto last) {
                           p.role_days["spoc"] = {first, last};
                         }},
                        {"purpose",
                         [](Policy& p, auto first, auto last) {
                           p.purposes.at("case.channel").valid = {first, last};
                         }},
                        {"gateway", [](Policy& p, auto first, auto last) {
                           p.gateways.at("gw.cda115").effective_from = first;
                           p.gateways.at("gw.cda115").effective_to = last;
                         }}};
  for (const Case& next : cases) {
    policy = TwoProfiles();
    EXPECT_FALSE(on(day) || on(day + 5)) << next.name;
    next.set(policy, day, day + 4);
    EXPECT_TRUE(on(day) && on(day + 5)) << next.name;
  }
  policy = TwoProfiles();
  policy.agreements[0].notices = {{.from = day, .removes = ""}};
  policy.agreements[0].apd_review = day + 1;
  EXPECT_TRUE(on(day) && on(day + 2));
}

TEST(Prove, CatchesADistrictsAgreementThatOpens) {
  struct Case {
    const char* name;
    std::function<void(Policy&)> change;
  };
  const Case cases[] = {
      {"a party that the county's has not", [](Policy& p) { Named(p, "tb.ncasb").parties.erase("rp.housing"); }},
      {"it goes on where the county's is over", [](Policy& p) { Named(p, "tb.ncasb").effective.last = kDay - 1; }},
      {"an area that the county's has not",
       [](Policy& p) { Named(p, "tb.ncasb.high_peak").areas.insert("E12000004"); }},
  };
  Policy policy = OfTheDistrict();
  EXPECT_FALSE(Refutes(policy, "overlays_only_tighten"));
  for (const Case& next : cases) {
    Policy changed = policy;
    next.change(changed);
    EXPECT_TRUE(Refutes(changed, "overlays_only_tighten")) << next.name;
  }
}

TEST(Prove, CatchesAnOverlayThatIsTakenAwayOrWidened) {
  const Policy policy = OfTheDistrict();
  for (const char* id : {"high_peak_complainant_unnamed", "high_peak_homes_in_general", "elsewhere_as_in_the_county"})
    EXPECT_FALSE(Refutes(policy, id)) << id;
  Policy gone = policy;
  Named(gone, "tb.ncasb.high_peak").overlays.clear();
  EXPECT_TRUE(Refutes(gone, "high_peak_complainant_unnamed"));
  EXPECT_TRUE(Refutes(gone, "high_peak_homes_in_general"));
  Policy everywhere = policy;
  Named(everywhere, "tb.ncasb.high_peak").areas = {"E23000018"};
  EXPECT_TRUE(Refutes(everywhere, "elsewhere_as_in_the_county"));
}

TEST(Prove, CatchesWhatIsNoAggregateOnItsWayToTheCommissioner) {
  Policy policy = OfTheDistrict();
  EXPECT_FALSE(Refutes(policy, "pcc_oversight_aggregates"));
  Profile& profile = policy.profiles.at("tb.ncasb");
  profile.receivers.at("pcc_officer").categories.insert("identity");
  profile.necessary.erase("identity");
  profile.conditional["identity"] = {.form = Form::kPseudonymise, .has_form = true, .approver = "", .or_consent = ""};
  for (auto& [receiver, ceiling] : profile.ceilings) ceiling.permit.insert("identity");
  EXPECT_TRUE(Refutes(policy, "pcc_oversight_aggregates"));
}

TEST(Prove, GivesACounterexampleThatDecidesTheSame) {
  Policy loose = TwoProfiles();
  loose.flags.at("ct_sensitive").denies.patterns.clear();
  const std::vector<v1::Assertion> all = Standing();
  const v1::Assertion& assertion =
      *std::find_if(all.begin(), all.end(), [](const v1::Assertion& a) { return a.id() == "secrets_never_leave"; });
  Prover prover(loose, kDay);
  const Proof proof = prover.Prove(assertion);
  ASSERT_TRUE(proof.counterexample.has_value());
  const DecisionRequest read = FromProto(ToProto(*proof.counterexample, Midday())).value();
  EXPECT_FALSE(DecideUnder(loose, read).categories[0].denied);
  EXPECT_TRUE(DecideHere(read).categories[0].denied) << "the reviewed policy keeps it";
}

TEST(Assertions, NameUnknownWordsWithTheirLine) {
  Files files = DerbyshireFiles();
  files["assertions/wrong.txtpb"] =
      "assertions {\n  id: \"x\" says: \"y\" source: \"z\" never: true footed: true\n  where { categories: "
      "\"intelligenc\" missing: \"HAT\" }\n  except { flags: \"ct_sensitive\" }\n}\n";
  absl::StrAppend(&files["assertions/wrong.txtpb"], "assertions { id: \"bare\" never: true }\n");
  Problems problems(files);
  ReadAssertions(files, Derbyshire(), problems);
  std::string all;
  for (const Problem& problem : problems.list()) absl::StrAppend(&all, problem.ToString(), "\n");
  for (const char* said : {"assertions/wrong.txtpb:3", "did you mean `intelligence`?", "`HAT`", "2 properties",
                           "names facts", "assertion `bare` has no id, no words or no source"})
    EXPECT_NE(all.find(said), std::string::npos) << said << "\n" << all;
}

}  // namespace
}  // namespace derwent::policy
