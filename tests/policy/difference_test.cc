// What opens between two policies is named, exactly and first.
#include "policy/space/difference.h"

#include <functional>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "policy/loader/compile.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);

// A changed text, compiled.
struct Changed {
  Files files;
  std::unique_ptr<Policy> policy;
  Edition edition() const { return {*policy, files}; }
};

Edition Here() { return {Derbyshire(), DerbyshireFiles()}; }

Changed With(const std::string& path, const std::string& from, const std::string& to, Files files = DerbyshireFiles()) {
  const std::string text = absl::StrReplaceAll(files.at(path), {{from, to}});
  EXPECT_NE(text, files[path]) << from;
  files[path] = text;
  Problems problems(files);
  std::unique_ptr<Policy> policy = Compile(files, problems);
  for (const Problem& problem : problems.list()) EXPECT_NE(problem.severity, Severity::kError) << problem.ToString();
  return {std::move(files), std::move(policy)};
}

TEST(Difference, OfAPolicyFromItselfIsNone) {
  const Differences none = Compare(Here(), Here(), kDay);
  EXPECT_TRUE(none.releases.empty() && none.handling.empty());
  EXPECT_FALSE(none.opens());
}

TEST(Difference, OfOneProfileIsWholeWhereOnlyItDiffers) {
  const auto loose =
      With("profiles/fire_safety.txtpb", "conditional { category: \"health.mental\"",
           "conditional { category: \"ethnicity\" when: \"asked\" }\nconditional { category: \"health.mental\"");
  const std::vector<Difference> whole = CompareReleases(Derbyshire(), *loose.policy, kDay);
  const std::vector<Difference> of_it = CompareReleases(Derbyshire(), *loose.policy, kDay, {{"fire_safety"}});
  ASSERT_FALSE(whole.empty());
  ASSERT_EQ(of_it.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(of_it[i].receiver, whole[i].receiver);
    EXPECT_EQ(of_it[i].givers, whole[i].givers);
  }
  EXPECT_TRUE(CompareReleases(Derbyshire(), *loose.policy, kDay, {{"marac"}}).empty());
}

TEST(Difference, SaysWhatOpensFirstAndInWords) {
  const auto loose =
      With("profiles/fire_safety.txtpb", "conditional { category: \"health.mental\"",
           "conditional { category: \"ethnicity\" when: \"asked\" }\nconditional { category: \"health.mental\"");
  const Differences found = Compare(Here(), loose.edition(), kDay);
  ASSERT_FALSE(found.releases.empty());
  const Difference& first = found.releases.front();
  EXPECT_EQ(first.category, "ethnicity");
  EXPECT_EQ(first.kind, "newly shared");
  EXPECT_EQ(first.was, "not shared");
  EXPECT_TRUE(first.opens && first.sensitive && found.opens());
  EXPECT_TRUE(first.givers.contains("dcc.adults"));
  bool fire = false;
  for (const Difference& d : found.releases) {
    EXPECT_EQ(d.category, "ethnicity");
    fire = fire || d.receiver == "dfrs";
  }
  EXPECT_TRUE(fire);
}

TEST(Difference, TellsTighteningFromLoosening) {
  const auto tight = With("profiles/marac.txtpb", "necessary: \"incident\"\n", "");
  const Differences found = Compare(Here(), tight.edition(), kDay);
  ASSERT_FALSE(found.releases.empty());
  EXPECT_FALSE(found.opens());
  EXPECT_EQ(found.releases.front().kind, "no longer shared");
  EXPECT_TRUE(Compare(tight.edition(), Here(), kDay).opens());
}

TEST(Difference, SaysOfADeadRuleThatItDecidesNothing) {
  const Changed dead = With("profiles/marac.txtpb", "marking: ", "denied_purposes: \"legal.claims\"\nmarking: ");
  const Differences found = Compare(Here(), dead.edition(), kDay, {{"marac"}});
  EXPECT_TRUE(found.releases.empty());
  ASSERT_EQ(found.handling.size(), 1u);
  EXPECT_EQ(found.handling[0].what, "denied_purposes now has \"legal.claims\", which changes no decision");
  EXPECT_FALSE(found.opens());
}

TEST(Difference, NamesWhoGivesWhatIsHandledLessStrictly) {
  const Changed loose = With("profiles/marac.txtpb", "obligations: \"onward_deny\"\n", "");
  const Differences found = Compare(Here(), loose.edition(), kDay, {{"marac"}});
  ASSERT_EQ(found.handling.size(), 1u);
  EXPECT_TRUE(found.opens());
  EXPECT_TRUE(found.handling[0].givers.contains("police.derbys"));
  EXPECT_FALSE(found.handling[0].givers.contains("cab")) << "no party";
}

// What a small change of the policy releases.
Differences After(const std::function<void(Policy&)>& change) {
  const Policy was = TwoProfiles();
  Policy now = was;
  change(now);
  return {.releases = CompareReleases(was, now, kDay), .handling = {}};
}

TEST(Difference, SeesAGroundThatIsNoLongerNeeded) {
  const Differences found = After([](Policy& p) {
    p.profiles.at("marac").conditional.erase("housing");
    p.profiles.at("marac").necessary.insert("housing");
  });
  ASSERT_FALSE(found.releases.empty());
  for (const Difference& d : found.releases) EXPECT_TRUE(absl::EndsWith(d.when, "without its ground")) << d.when;
  EXPECT_TRUE(found.opens());
}

TEST(Difference, SeesFlagsConsentAndHarm) {
  const Differences flag = After([](Policy& p) { p.flags.at("erasure_due").denies.patterns.clear(); });
  ASSERT_TRUE(flag.opens());
  EXPECT_EQ(flag.releases.front().when, "with flag erasure_due");
  EXPECT_TRUE(After([](Policy& p) { p.consent_steps.front().giver_under_18.clear(); }).opens());
  const Differences harm = After([](Policy& p) { p.categories.at("social_care").harm = 2; });
  ASSERT_TRUE(harm.opens());
  for (const Difference& d : harm.releases)
    EXPECT_TRUE(absl::EndsWith(d.when, "without a note") || absl::EndsWith(d.when, "to be passed on")) << d.when;
}

TEST(Difference, SeesWhoIsNewAndWhoIsGone) {
  const auto drop = [](Policy& p) {
    for (Agreement& a : p.agreements) a.parties.erase("rp.housing");
  };
  const Differences gone = After(drop);
  ASSERT_FALSE(gone.releases.empty());
  for (const Difference& d : gone.releases)
    EXPECT_TRUE(d.receiver == "rp.housing" || d.givers == std::set<std::string>{"rp.housing"}) << d.receiver;
  EXPECT_FALSE(gone.opens());
}

}  // namespace
}  // namespace derwent::policy
