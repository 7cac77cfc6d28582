#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "policy/engine/calendar.h"
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
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return absl::StrContains(line, part); });
}

TEST(Bundle, DerbyshireCompilesWithEveryProfileAndAgreement) {
  EXPECT_EQ(Derbyshire().profiles.size(), 23u);
  EXPECT_EQ(Derbyshire().categories.size(), 33u);
  for (const auto& [id, profile] : Derbyshire().profiles) {
    EXPECT_TRUE(std::any_of(Derbyshire().agreements.begin(), Derbyshire().agreements.end(), [&](const Agreement& a) {
      return a.profiles.contains(id);
    })) << id;
  }
}

TEST(Bundle, EveryReducedFormOfAProfileExistsForItsCategory) {
  for (const auto& [id, profile] : Derbyshire().profiles) {
    for (const auto& [name, conditional] : profile.conditional) {
      const Category& category = Derbyshire().categories.at(name);
      EXPECT_TRUE(!conditional.has_form || category.Meet(category.Fullest(), conditional.form).has_value())
          << id << ", " << name;
    }
  }
}

TEST(Bundle, AChildVictimIsReferredUnderEveryProfileOfDomesticAbuse) {
  for (const char* id : {"marac", "dvds", "dhr", "adult_safeguard", "mappa", "tb.vawg"}) {
    const std::vector<CompanionShare>& companions = Derbyshire().profiles.at(id).companions;
    ASSERT_EQ(companions.size(), 1u) << id;
    EXPECT_EQ(companions[0].subject_role, "victim_child_da") << id;
    EXPECT_EQ(companions[0].profile, "mash") << id;
  }
  EXPECT_TRUE(Derbyshire().profiles.at("mash").companions.empty());
}

TEST(Bundle, SubjectsOfSecretProcessesHaveEnclavesOfTheirOwn) {
  EXPECT_EQ(Derbyshire().profiles.at("channel").enclave, "channel");
  EXPECT_EQ(Derbyshire().profiles.at("nrm").enclave, "nrm");
  EXPECT_EQ(Derbyshire().profiles.at("sv_support").enclave, "sarc");
  EXPECT_EQ(Derbyshire().profiles.at("marac").enclave, "general");
}

TEST(Loader, ACompanionNamesAProfileThatServesItsPurpose) {
  const std::vector<std::string> lines =
      ProblemsWhen("profiles/marac.txtpb", "purpose: \"case.child_safeguard\"", "purpose: \"case.marac\"");
  EXPECT_TRUE(Holds(lines, "no purpose is called `case.marac`"));
  EXPECT_TRUE(
      Holds(ProblemsWhen("profiles/marac.txtpb", "purpose: \"case.child_safeguard\"", "purpose: \"case.channel\""),
            "does not serve its purpose"));
}

TEST(Bundle, NoVoluntaryBodyEverReceivesIntelligenceInFull) {
  for (const auto& [id, profile] : Derbyshire().profiles)
    EXPECT_FALSE(profile.necessary.contains("intelligence")) << id;
}

TEST(Loader, NamesAnUnknownWordWithItsLineAndTheNearestOne) {
  const std::vector<std::string> lines =
      ProblemsWhen("profiles/marac.txtpb", "necessary: \"household\"", "necessary: \"househald\"");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(Holds(lines, "no category is called `househald`")) << lines[0];
  EXPECT_TRUE(Holds(lines, "did you mean `household`?")) << lines[0];
  const std::string& text = DerbyshireFiles().at("profiles/marac.txtpb");
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<long>(text.find("necessary: \"household\"")), '\n');
  EXPECT_TRUE(absl::StartsWith(lines[0], "profiles/marac.txtpb:" + std::to_string(line) + ":")) << lines[0];
}

// Line of `files[path]` on which `text` stands first.
int LineOf(const std::string& path, const std::string& text) {
  const std::string& file = DerbyshireFiles().at(path);
  return 1 + static_cast<int>(std::count(file.begin(), file.begin() + static_cast<long>(file.find(text)), '\n'));
}

TEST(Loader, NamesTheLineOfTheProblemNotOfTheNamesFirstPlace) {
  const std::string marac = "profiles/marac.txtpb";
  // `spoc` stands as a receiver before it stands as an approver; `incident` is necessary before ceilings name it.
  const std::string rule =
      "conditional { category: \"intelligence\" when: \"sanitised\" form: \"summarise\" approver: \"spoc\" }";
  const std::vector<std::string> approver = ProblemsWhen(
      marac, rule,
      "conditional { category: \"intelligence\" when: \"sanitised\" form: \"summarise\" approver: \"dpo\" }");
  ASSERT_EQ(approver.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(approver[0], absl::StrCat(marac, ":", LineOf(marac, rule), ":"))) << approver[0];
  const std::vector<std::string> form =
      ProblemsWhen(marac, "redact: \"risk.victim=flag_only\"", "redact: \"risk.victim=flags\"");
  ASSERT_EQ(form.size(), 2u);
  EXPECT_TRUE(
      absl::StartsWith(form[0], absl::StrCat(marac, ":", LineOf(marac, "redact: \"risk.victim=flag_only\""), ":")))
      << form[0];
  // The second of two lines that say the same.
  const std::vector<std::string> twice = ProblemsWhen(marac, rule, absl::StrCat(rule, "\n", rule));
  ASSERT_EQ(twice.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(twice[0], absl::StrCat(marac, ":", LineOf(marac, rule) + 1, ":"))) << twice[0];
  // Inside an entry of several lines.
  const std::vector<std::string> inside =
      ProblemsWhen("gateways.txtpb", "  to: \"scrutiny_committee\"", "  to: \"scrutiny_comittee\"");
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(
      inside[0], absl::StrCat("gateways.txtpb:", LineOf("gateways.txtpb", "  to: \"scrutiny_committee\""), ":")))
      << inside[0];
}

TEST(Loader, RefusesAnOverlayThatDoesNotTighten) {
  const std::string agreement = "agreements/marac.txtpb";
  const auto with = [&](const std::string& overlay) {
    return ProblemsWhen(agreement, "owner: ", absl::StrCat("overlays: \"", overlay, "\"\nowner: "));
  };
  for (const char* loosens : {"identity=full", "intelligence=generalise", "immigration=summarise",
                              "immigration=flag_only", "finance=mask", "identifier=mask", "identifier=deny"}) {
    EXPECT_TRUE(Holds(with(loosens), "[overlay-loosens]")) << loosens;
  }
  for (const char* tightens :
       {"identity=mask", "intelligence=flag_only", "finance=deny", "health.mental=contact_owner"})
    EXPECT_TRUE(with(tightens).empty()) << tightens;
  EXPECT_TRUE(Holds(with("identity=maks"), "did you mean `mask`?"));
}

TEST(Loader, RefusesMissingConditions) {
  const std::string police =
      "basis: \"lb.e\" special_condition: \"c9.g6\" offence_condition: \"c10.36\" needs_confirmation: \"U13";
  const std::string organisations = "organisations.txtpb";
  EXPECT_TRUE(Holds(
      ProblemsWhen(organisations, police, "basis: \"lb.e\" offence_condition: \"c10.36\" needs_confirmation: \"U13"),
      "`police` shares special-category data and names no condition [article-9]"));
  EXPECT_TRUE(Holds(
      ProblemsWhen(organisations, police, "basis: \"lb.e\" special_condition: \"c9.g6\" needs_confirmation: \"U13"),
      "[article-10]"));
}

TEST(Loader, WarnsBeforeAPolicyOutgrowsTheIndex) {
  const auto warned = [](size_t agencies) {
    Files files = DerbyshireFiles();
    std::string& text = files.at("organisations.txtpb");
    for (size_t i = Derbyshire().organisations.size(); i < agencies; ++i)
      absl::StrAppend(&text, "organisations { id: \"school.", i, "\" type: \"education\" name: \"School ", i, "\" }\n");
    Problems problems(files);
    EXPECT_NE(Compile(files, problems), nullptr);
    std::vector<std::string> lines;
    for (const Problem& problem : problems.list()) {
      if (problem.rule == "index-size") lines.push_back(problem.ToString());
    }
    return absl::StrJoin(lines, "\n");
  };
  EXPECT_EQ(warned(55), "");
  EXPECT_TRUE(
      absl::StrContains(warned(56), "organisations.txtpb: warning: 56 agencies: the index takes 64; with more"));
  EXPECT_TRUE(
      absl::StrContains(warned(65), "65 agencies: the index takes 64, so that the linear engine decides alone"));
}

std::vector<std::string> Warnings(Severity severity, const Files& files) {
  Problems problems(files);
  EXPECT_NE(Compile(files, problems), nullptr);
  std::vector<std::string> lines;
  for (const Problem& problem : problems.list()) {
    if (problem.severity == severity) lines.push_back(problem.ToString());
  }
  return lines;
}

TEST(Loader, AConditionsFactsAreOfAClosedList) {
  const std::string file = "profiles/nrm.txtpb";
  const std::string facts = "age: \"CHILD\" or_consent: \"nrm\"";
  EXPECT_TRUE(Holds(ProblemsWhen(file, facts, "age: \"CHILDREN\""), "`CHILDREN` is no age"));
  EXPECT_TRUE(
      Holds(ProblemsWhen(file, facts, "age: \"CHILD\" or_consent: \"support_\""), "`support_` is no consent step"));
  EXPECT_TRUE(
      Holds(ProblemsWhen(file, facts, "or_consent: \"nrm\""), "names a consent in place of an age, and no age"));
}

TEST(Loader, WarnsOfPartiesThatAnOverlayMisses) {
  const std::string path = "agreements/tb.ncasb.high_peak.txtpb";
  Files files = DerbyshireFiles();
  EXPECT_FALSE(Holds(Warnings(Severity::kWarning, files), "[overlay-gap]"));
  files[path] = absl::StrReplaceAll(files.at(path), {{"parties: \"rp.housing\"\n", ""}});
  const std::vector<std::string> warnings = Warnings(Severity::kWarning, files);
  EXPECT_TRUE(Holds(warnings, absl::StrCat(path, ":", LineOf(path, "overlays: ") - 1,
                                           ": warning: its overlays do not "
                                           "bind `rp.housing`, which share there under `tb.ncasb` [overlay-gap]")))
      << absl::StrJoin(warnings, "\n");
}

TEST(Loader, WarnsOfSendersAndGatewaysThatCanNeverServe) {
  Files files = DerbyshireFiles();
  for (const std::string& warning : Warnings(Severity::kWarning, files))
    EXPECT_FALSE(absl::StrContains(warning, "profiles/fire_safety.txtpb") && absl::StrContains(warning, "[dead"))
        << warning;
  files["profiles/fire_safety.txtpb"] += "gateways: \"gw.cja327a\"\n";
  files["profiles/immediate_justice.txtpb"] += "senders: \"court\"\nsenders: \"press\"\ngateways: \"gw.msa52\"\n";
  const std::string text =
      absl::StrReplaceAll(files["profiles/immediate_justice.txtpb"],
                          {{"gateways: \"gw.cda115\"\n", ""}, {"transition_authorities: \"gw.cda115\"\n", ""}});
  files["profiles/immediate_justice.txtpb"] = text;
  const std::vector<std::string> warnings = Warnings(Severity::kWarning, files);
  EXPECT_TRUE(Holds(warnings, "no gateway of the profile lets `press` send anything [dead-sender]"));
  EXPECT_TRUE(Holds(warnings, "no gateway of the profile lets `yot` send anything [dead-sender]"));
  EXPECT_FALSE(Holds(warnings, "`court`")) << "no agency of the type, nobody to warn";
  EXPECT_FALSE(Holds(warnings, "`gw.cja327a`")) << "police may send to the public";
  EXPECT_FALSE(Holds(warnings, "`gw.msa52` carries nothing"));
}

TEST(Loader, ListsEveryLegalPointThatIsNotSettled) {
  const std::vector<std::string> points = Warnings(Severity::kUnconfirmed, DerbyshireFiles());
  for (int point = 1; point <= 20; ++point) {
    const std::string name = absl::StrCat("U", point < 10 ? "0" : "", point, ":");
    EXPECT_TRUE(Holds(points, name)) << name;
  }
}

TEST(Loader, ExistenceSensitiveProfilesHaveAnAnswerSlot) {
  for (const auto& [id, profile] : Derbyshire().profiles) {
    EXPECT_EQ(profile.answer_slot.working_days > 0 || profile.answer_slot.time > absl::ZeroDuration(),
              profile.existence_sensitive)
        << id;
  }
  EXPECT_EQ(Derbyshire().profiles.at("mash").answer_slot.time, absl::Minutes(15));
  EXPECT_EQ(Derbyshire().profiles.at("marac").answer_slot.working_days, 1);
  EXPECT_TRUE(Holds(ProblemsWhen("profiles/mash.txtpb", "answer_slot: \"15m\"", ""), "[answer-slot]"));
  for (const char* slot : {"soon", "0wd", "-1h", "wd", "1.5wd"}) {
    EXPECT_TRUE(
        Holds(ProblemsWhen("profiles/mash.txtpb", "answer_slot: \"15m\"", absl::StrCat("answer_slot: \"", slot, "\"")),
              "[answer-slot]"))
        << slot;
  }
}

TEST(Calendar, AnAnswerGoesOutAtTheSameTimeOfDayOnTheSlotsLastWorkingDay) {
  const auto at = [](int month, int day, int hour) {
    return absl::FromCivil(absl::CivilHour(2026, month, day, hour), absl::UTCTimeZone());
  };
  const AnswerSlot next_day{.working_days = 1};
  EXPECT_EQ(AnswerTime(Derbyshire(), next_day, at(12, 1, 10)), at(12, 2, 10));
  EXPECT_EQ(AnswerTime(Derbyshire(), next_day, at(12, 4, 10)), at(12, 7, 10)) << "over a weekend";
  EXPECT_EQ(AnswerTime(Derbyshire(), next_day, at(12, 5, 10)), at(12, 7, 10)) << "asked on a Saturday";
  EXPECT_EQ(AnswerTime(Derbyshire(), next_day, at(12, 24, 10)), at(12, 29, 10))
      << "over Christmas, its substitute day and the weekend";
  EXPECT_EQ(AnswerTime(Derbyshire(), {.time = absl::Minutes(15)}, at(12, 5, 10)), at(12, 5, 10) + absl::Minutes(15));
}

TEST(Calendar, AQuestionStaysOpenThreeDaysAfterItsSlotHoweverLongTheHolidays) {
  const auto at = [](int month, int day, int hour) {
    return absl::FromCivil(absl::CivilHour(2026, month, day, hour), absl::UTCTimeZone());
  };
  const Profile& marac = Derbyshire().profiles.at("marac");
  EXPECT_EQ(LatestEnd(Derbyshire(), marac, at(12, 1, 10)), at(12, 6, 10)) << "120 hours, as the profile says";
  EXPECT_EQ(LatestEnd(Derbyshire(), marac, at(12, 24, 10)), at(12, 29, 10) + absl::Hours(72)) << "over Christmas";
  EXPECT_EQ(LatestEnd(Derbyshire(), Derbyshire().profiles.at("fire_safety"), at(12, 24, 10)), at(12, 29, 10))
      << "nothing waits for a slot";
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
  EXPECT_TRUE(
      Holds(ProblemsWhen(marac, "purposes: \"case.da_safety\"", "purposes: \"x.media\""), "[excluded-purpose]"));
  EXPECT_TRUE(Holds(ProblemsWhen(marac, "kind: \"process\"", "kind: \"proces\""), "[closed-list]"));
  const std::string agreement = "agreements/marac.txtpb";
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "owner: ", "overlays: \"identity=full\"\nowner: "), "[overlay-loosens]"));
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "review_date: \"2027-03-31\"", ""), "[agreement-contents]"));
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "revision: 1", "revision: 0"), "[revision]"));
  EXPECT_TRUE(Holds(ProblemsWhen(agreement, "2028-03-31", "2020-03-31"), "[date]"));
}

TEST(Loader, AThematicLeadNeverOpensCases) {
  EXPECT_TRUE(Holds(ProblemsWhen("profiles/tb.ncasb.txtpb", "convenors: \"spoc\"", "convenors: \"thematic_lead\""),
                    "a thematic lead opens cases"));
}

TEST(Loader, EveryProfileHasConvenors) {
  for (const auto& [id, profile] : Derbyshire().profiles) {
    EXPECT_FALSE(profile.convenors.empty()) << id;
    EXPECT_EQ(profile.request_hours, 120) << id;
  }
}

TEST(Loader, NamesTheLineOfASyntaxError) {
  const std::vector<std::string> lines = ProblemsWhen("areas.txtpb", "areas {", "areas [");
  EXPECT_TRUE(Holds(lines, "[syntax]"));
  EXPECT_TRUE(absl::StartsWith(lines[0], "areas.txtpb:")) << lines[0];
}

TEST(Loader, NamesEveryMisspeltFieldAndTheOneThatWasMeant) {
  Files files = DerbyshireFiles();
  std::string& text = files.at("profiles/marac.txtpb");
  text = absl::StrReplaceAll(
      text, {{"necessary: \"contact\"", "necesary: \"contact\""},
             {"conditional { category: \"housing\" when:", "conditional { category: \"housing\" wen:"}});
  Problems problems(files);
  EXPECT_EQ(Compile(files, problems), nullptr);
  std::vector<std::string> lines;
  for (const Problem& problem : problems.list()) {
    if (problem.severity == Severity::kError) lines.push_back(problem.ToString());
  }
  EXPECT_TRUE(Holds(lines, "no field is called `necesary`"));
  EXPECT_TRUE(Holds(lines, "did you mean `necessary`?"));
  EXPECT_TRUE(Holds(lines, "did you mean `when`?"));
  ASSERT_EQ(lines.size(), 3u) << absl::StrJoin(lines, "\n");  // The third: a condition without words.
  for (const std::string& line : lines) EXPECT_TRUE(absl::StartsWith(line, "profiles/marac.txtpb:")) << line;
}

TEST(Loader, WhatRefersToABrokenTextIsNotCalledWrong) {
  for (const char* path : {"areas.txtpb", "vocabulary.txtpb", "profiles/marac.txtpb"}) {
    Files files = DerbyshireFiles();
    files.at(path) += "\n} \n";
    Problems problems(files);
    EXPECT_EQ(Compile(files, problems), nullptr);
    ASSERT_EQ(problems.list().size(), 1u) << path << "\n" << problems.list()[1].ToString();
    EXPECT_EQ(problems.list()[0].rule, "syntax");
  }
}

TEST(Loader, SyntaxErrorsOfAllFilesAreToldAtOnce) {
  Files files = DerbyshireFiles();
  for (const char* path : {"areas.txtpb", "gateways.txtpb", "profiles/marac.txtpb", "agreements/mash.txtpb"})
    files.at(path) = "nothing_like_it: 1\n" + files.at(path);
  Problems problems(files);
  EXPECT_EQ(Compile(files, problems), nullptr);
  EXPECT_EQ(problems.list().size(), 4u);
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
