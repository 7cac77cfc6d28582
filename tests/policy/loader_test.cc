#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "policy/loader/compile.h"
#include "policy/loader/directory.h"
#include "policy/loader/manifest.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

// Problems of the bundle once `from` is `to` in `path`, as text.
std::vector<std::string> ProblemsWhen(const std::string& path, const std::string& from, const std::string& to) {
  Files files = DerbyshireFiles();
  const std::string changed = absl::StrReplaceAll(files.at(path), {{from, to}});
  EXPECT_NE(changed, files.at(path)) << "`" << from << "` is not in " << path;
  files[path] = changed;
  Problems problems(files);
  const bool compiled = Compile(files, problems) != nullptr;
  EXPECT_EQ(compiled, !problems.any_error());
  std::vector<std::string> lines;
  for (const Problem& problem : problems.list()) {
    if (problem.severity == Severity::kError) lines.push_back(problem.ToString());
  }
  return lines;
}

bool Holds(const std::vector<std::string>& lines, absl::string_view part) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return absl::StrContains(line, part); });
}

TEST(Bundle, DerbyshireCompilesWithEveryProfileAndAgreement) {
  EXPECT_EQ(Derbyshire().profiles.size(), 23u);
  EXPECT_EQ(Derbyshire().categories.size(), 33u);
  for (const auto& [id, profile] : Derbyshire().profiles) {
    EXPECT_TRUE(std::any_of(Derbyshire().agreements.begin(), Derbyshire().agreements.end(), [&](const Agreement& a) { return a.profiles.contains(id); })) << id;
  }
}

TEST(Bundle, EveryReducedFormOfAProfileExistsForItsCategory) {
  for (const auto& [id, profile] : Derbyshire().profiles) {
    for (const auto& [name, conditional] : profile.conditional) {
      const Category& category = Derbyshire().categories.at(name);
      EXPECT_TRUE(!conditional.has_form || category.Meet(category.Fullest(), conditional.form).has_value()) << id << ", " << name;
    }
  }
}

TEST(Bundle, NoVoluntaryBodyEverReceivesIntelligenceInFull) {
  for (const auto& [id, profile] : Derbyshire().profiles) EXPECT_FALSE(profile.necessary.contains("intelligence")) << id;
}

TEST(Loader, NamesAnUnknownWordWithItsLineAndTheNearestOne) {
  const std::vector<std::string> lines = ProblemsWhen("profiles/marac.txtpb", "necessary: \"household\"", "necessary: \"househald\"");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(Holds(lines, "no category is called `househald`")) << lines[0];
  EXPECT_TRUE(Holds(lines, "did you mean `household`?")) << lines[0];
  const std::string& text = DerbyshireFiles().at("profiles/marac.txtpb");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(text.find("necessary: \"household\"")), '\n');
  EXPECT_TRUE(absl::StartsWith(lines[0], "profiles/marac.txtpb:" + std::to_string(line) + ":")) << lines[0];
}

TEST(Loader, ReportsAllProblemsAtOnce) {
  EXPECT_GE(ProblemsWhen("profiles/mash.txtpb", "senders: \"", "senders: \"x").size(), 5u);
}

TEST(Loader, RefusesWhatTheRulesForbid) {
  const std::string marac = "profiles/marac.txtpb";
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "approver: \"spoc\"", "approver: \"dpo\""), "[separation]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "when: \"HBA or service need\"", "when: \"\""), "[condition]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "necessary: \"incident\"", "necessary: \"education\""), "[shadowed]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "retention: \"MARAC", "decision_support: \"MARAC"), "[retention]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "collection_hours: 120", "collection_hours: 0"), "[clock]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "id: \"marac\"", "id: \"mash\""), "[file-name]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "purposes: \"case.da_safety\"", "purposes: \"x.media\""), "[excluded-purpose]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "kind: \"process\"", "kind: \"proces\""), "[closed-list]"));
  const std::string agreement = "agreements/marac.txtpb";
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "owner: ", "overlays: \"identity=full\"\nowner: "), "[overlay-loosens]"));
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "review_date: \"2027-03-31\"", ""), "[agreement-contents]"));
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "revision: 1", "revision: 0"), "[revision]"));
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "2028-03-31", "2020-03-31"), "[date]"));
}

TEST(Loader, NamesTheLineOfASyntaxError) {
  const std::vector<std::string> lines = ProblemsWhen("areas.txtpb", "areas {", "areas [");
  EXPECT_TRUE(Holds(lines, "[syntax]"));
  EXPECT_TRUE(absl::StartsWith(lines[0], "areas.txtpb:")) << lines[0];
}

TEST(Loader, AMissingFileIsAnError) {
  Files files = DerbyshireFiles();
  files.erase("gateways.txtpb");
  Problems problems(files);
  EXPECT_EQ(Compile(files, problems), nullptr);
}

TEST(Manifest, NamesEachFileOnceAndSeesEveryChange) {
  Files files = DerbyshireFiles();
  files[kManifestPath] = MakeManifest(files);
  EXPECT_TRUE(CheckManifest(files).ok());
  files["vocabulary.txtpb"] += "\n";
  EXPECT_EQ(CheckManifest(files).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(CheckManifest(files).message(), "vocabulary.txtpb"));
}

TEST(Directory, NamesEveryWrongField) {
  v1::Directory directory;
  directory.set_agency("no.such");
  directory.add_entries()->add_roles()->set_role("practitionr");
  const auto compiled = CompileDirectory(directory, Derbyshire());
  ASSERT_FALSE(compiled.ok());
  for (const char* part : {"no.such", "did you mean `practitioner`?", "version", "an entry has no id"}) {
    EXPECT_TRUE(absl::StrContains(compiled.status().message(), part)) << part;
  }
}

}  // namespace
}  // namespace derwent::policy
