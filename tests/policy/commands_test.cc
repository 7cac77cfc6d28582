// What a lead types: the exit code says what a script needs to know.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "agents/cli/policy/policy_commands.h"

namespace derwent::cli {
namespace {

namespace fs = std::filesystem;

struct Ran {
  int code = -1;
  std::string out, err;
};

// `before`: what stands before `policy`, as `-o json` may.
Ran Policy(std::vector<std::string> arguments, const std::vector<std::string>& before = {}) {
  Ran ran;
  CLI::App app;
  std::string output = "table";
  app.add_option("-o", output);
  AddPolicyCommands(app, output, ran.code);
  arguments.insert(arguments.begin(), "policy");
  arguments.insert(arguments.begin(), before.begin(), before.end());
  std::reverse(arguments.begin(), arguments.end());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  app.parse(arguments);
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.err = ::testing::internal::GetCapturedStderr();
  return ran;
}

// A copy of the bundle to change.
class Draft : public ::testing::Test {
 protected:
  Draft() {
    fs::remove_all(folder_);
    fs::copy("policy/derbyshire", folder_, fs::copy_options::recursive);
  }
  ~Draft() override { fs::remove_all(folder_); }

  void Change(const std::string& path, const std::string& from, const std::string& to) {
    std::ifstream file(folder_ / path);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    ASSERT_TRUE(absl::StrContains(text, from)) << from;
    std::ofstream(folder_ / path) << absl::StrReplaceAll(text, {{from, to}});
  }
  std::string folder() const { return folder_.string(); }

  fs::path folder_ = fs::path(::testing::TempDir()) / "policy_draft";
};

TEST_F(Draft, TestNamesWhatIsUntestedAndKeepsTheThreshold) {
  const Ran ran = Policy({"test", folder()});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(absl::StrContains(ran.out, "untested rule: profiles/")) << ran.out;
  EXPECT_TRUE(absl::StrContains(ran.out, " 0 failed"));
  EXPECT_EQ(Policy({"test", folder(), "--threshold", "55"}).code, 0) << "less is tested than before";
  EXPECT_EQ(Policy({"test", folder(), "--threshold", "100"}).code, 1);
  Change("profiles/marac.txtpb", "necessary: \"identity\"\n", "");
  EXPECT_EQ(Policy({"test", folder()}).code, 1) << "worked decisions no longer come out";
}

TEST_F(Draft, CheckReadsAssertionsAndWorkedDecisions) {
  EXPECT_EQ(Policy({"check", folder(), "--at", "2026-12-01"}).code, 0);
  Change("assertions/law.txtpb", "says: \"the press receives nothing\"", "sais: \"the press receives nothing\"");
  Change("assertions/protection.txtpb", "where { categories: \"location.protected\" }",
         "where { categories: \"location.protekted\" }");
  Change("scenarios/districts.yaml", "profile: tb.ncasb", "profil: tb.ncasb");
  std::ofstream(folder_ / "scenarios/broken.yaml") << "- id: X1\n  subject: {role: [\n";
  const Ran ran = Policy({"check", folder(), "--at", "2026-12-01"});
  EXPECT_EQ(ran.code, 2);
  for (const char* said :
       {"assertions/law.txtpb:", "sais", "assertions/protection.txtpb:", "did you mean `location.protected`?",
        "scenarios/districts.yaml:", "profil is no field of the format: did you mean `profile`?", "profile is missing",
        "scenarios/broken.yaml:3: error: "})
    EXPECT_TRUE(absl::StrContains(ran.out, said)) << said << "\n" << ran.out;
}

TEST_F(Draft, CheckReadsThemInAPolicyThatHasErrorsToo) {
  Change("profiles/marac.txtpb", "necessary: \"identity\"", "necessary: \"identitty\"");
  Change("assertions/law.txtpb", "says: \"the press receives nothing\"", "sais: \"the press receives nothing\"");
  const Ran ran = Policy({"check", folder(), "--at", "2026-12-01"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(absl::StrContains(ran.out, "assertions/law.txtpb:")) << ran.out;
  EXPECT_FALSE(absl::StrContains(ran.out, "no profile is called")) << ran.out;
}

TEST_F(Draft, DecideNamesEveryNameThatThePolicyDoesNotKnow) {
  const std::string request = (folder_ / "request.json").string();
  std::ofstream(request) << R"({"releasingAgency": "dcc.adult",
 "receivingAgency": "dfrs", "receivingRole": "practitoner", "profile": "fire_safty",
 "purpose": "case.fire_safety", "area": "E07000034", "caseLink": "ASSERTED", "justification": true,
 "subject": {"role": "resident", "age": 74, "flags": ["adress_protected"]},
 "categories": ["identity", "houshold"]})";
  for (const char* command : {"decide", "explain"}) {
    const Ran ran = Policy({command, "--policy", folder(), "--request", request});
    EXPECT_EQ(ran.code, 2) << command;
    EXPECT_EQ(ran.out, "");
    for (const char* said :
         {"request.json:1: error: no organisation is called `dcc.adult` [unknown-name]; did you mean `dcc.adults`?",
          "request.json:2: error: no role is called `practitoner`", "did you mean `fire_safety`?",
          "request.json:4: error: no flag is called `adress_protected`",
          "request.json:5: error: no category is called `houshold` [unknown-name]; did you mean `household`?"})
      EXPECT_TRUE(absl::StrContains(ran.err, said)) << said << "\n" << ran.err;
  }
}

TEST_F(Draft, ProveChecksOnlyWhatThereIs) {
  EXPECT_EQ(Policy({"prove", folder(), "--at", "2026-12-01", "--only", "secrets_never_leave"}).code, 0);
  EXPECT_EQ(Policy({"prove", folder(), "--at", "2026-12-01", "--only", "nothing_like_it"}).code, 2);
  EXPECT_EQ(Policy({"prove", folder(), "--at", "tomorrow"}).code, 2);
}

TEST_F(Draft, ProveRefutesAndKeepsTheRequest) {
  Change("profiles/marac.txtpb", "ceilings {\n  receiver: \"voluntary\"",
         "ceilings {\n  receiver: \"voluntary\"\n  permit: \"intelligence\"");
  const Ran ran = Policy({"prove", folder(), "--at", "2026-12-01", "--only", "voluntary_bodies_no_intelligence",
                          "--counterexamples", folder()});
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_TRUE(absl::StrContains(ran.out, "REFUTED"));
  const std::string request = (folder_ / "counterexample.voluntary_bodies_no_intelligence.json").string();
  EXPECT_EQ(Policy({"decide", "--policy", "policy/derbyshire", "--request", request}).code, 3) << "refused as reviewed";
}

TEST_F(Draft, ProveLooksAtEveryDayOnWhichSomethingSwitches) {
  Change("profiles/marac.txtpb", "ceilings {\n  receiver: \"voluntary\"",
         "ceilings {\n  receiver: \"voluntary\"\n  permit: \"intelligence\"");
  Change("vocabulary.txtpb", "id: \"case.da_safety\"", "id: \"case.da_safety\" valid_from: \"2027-06-01\"");
  const std::string id = "voluntary_bodies_no_intelligence";
  EXPECT_EQ(Policy({"prove", folder(), "--at", "2026-12-01", "--only", id, "--counterexamples", folder()}).code, 0)
      << "the purpose is not there yet";
  const Ran ran = Policy({"prove", folder(), "--from", "2026-12-01", "--only", id, "--counterexamples", folder()});
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_TRUE(absl::StrContains(ran.out, "on 2027-06-01: ")) << ran.out;
  EXPECT_TRUE(absl::StrContains(ran.out, "1 assertions, 1 refuted, on ")) << ran.out;
}

TEST_F(Draft, DiffNamesWhoGivesWhatIsHandledLessStrictly) {
  Change("profiles/asb_cr.txtpb", "obligations: \"no_detail_of_others_to_applicant\"\n", "");
  const Ran ran = Policy({"diff", "policy/derbyshire", folder(), "--at", "2026-12-01"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(absl::StrContains(ran.out,
                                "handling, asb_cr: obligations no longer has \"no_detail_of_others_to_applicant\" "
                                "(looser, of what they give: avbc, bdc, cbc"))
      << ran.out;
  EXPECT_TRUE(absl::StrContains(ran.out, ": 0 gains, 0 losses, 1 in handling;")) << ran.out;
}

TEST_F(Draft, DiffSaysWhetherAnythingOpens) {
  EXPECT_EQ(Policy({"diff", "policy/derbyshire", folder(), "--at", "2026-12-01"}).code, 0);
  Change("profiles/marac.txtpb", "necessary: \"incident\"\n", "");
  EXPECT_EQ(Policy({"diff", "policy/derbyshire", folder(), "--at", "2026-12-01"}).code, 0) << "it only tightens";
  const Ran back = Policy({"diff", folder(), "policy/derbyshire", "--at", "2026-12-01"});
  EXPECT_EQ(back.code, 1);
  EXPECT_TRUE(absl::StartsWith(back.out, "OPENS: special-category and offence data\n")) << back.out.substr(0, 300);
  EXPECT_TRUE(absl::StrContains(back.out, "newly shared: was not shared, now in full, under marac"));
}

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(Draft, CheckWarnsNinetyDaysAheadOfTheDayGiven) {
  // Every agreement is due for review on 2027-03-31.
  EXPECT_EQ(Count(Policy({"check", folder(), "--at", "2026-12-30"}).out, "[review-due]"), 0);
  const Ran ran = Policy({"check", folder(), "--at", "2026-12-31"});
  EXPECT_EQ(ran.code, 0) << "a warning is no error";
  EXPECT_EQ(Count(ran.out, "is due on 2027-03-31, in 90 days [review-due]"), 24) << ran.out;
  EXPECT_TRUE(absl::StrContains(ran.out, "0 errors, ") && absl::StrContains(ran.out, " warnings on 2026-12-31, "));
  EXPECT_EQ(Policy({"check", folder(), "--at", "soon"}).code, 2);
  EXPECT_EQ(Policy({"check", folder()}).code, 0) << "today";
}

TEST_F(Draft, CheckLooksAtDirectoriesToo) {
  const std::string directory = "deploy/example/directories/cbc.txtpb";  // Training ends on 2027-12-31.
  EXPECT_EQ(Count(Policy({"check", folder(), "--at", "2027-10-01", "--directory", directory}).out, directory), 0);
  EXPECT_GT(Count(Policy({"check", folder(), "--at", "2027-10-02", "--directory", directory}).out, directory), 3);
  EXPECT_EQ(Policy({"check", folder(), "--directory", "policy/README.md"}).code, 2);
  EXPECT_EQ(Policy({"check", folder(), "--directory", "nowhere.txtpb"}).code, 2);
}

TEST_F(Draft, CheckListsLegalPointsOnlyWhenAsked) {
  const Ran listed = Policy({"check", folder(), "--unconfirmed", "--at", "2026-12-01"});
  const int points = Count(listed.out, "[legal-point]; have it confirmed");
  EXPECT_GT(points, 30);
  EXPECT_TRUE(absl::StrContains(listed.out, std::to_string(points) + " legal points need confirmation"));
  EXPECT_TRUE(absl::StrContains(listed.out, "organisations.txtpb:33: needs confirmation: `pcc.derbys`: U17"));
  for (int point = 1; point <= 20; ++point)  // Section I of the brief.
    EXPECT_TRUE(absl::StrContains(listed.out, absl::StrCat(point < 10 ? "U0" : "U", point))) << point;
  EXPECT_EQ(Count(Policy({"check", folder(), "--at", "2026-12-01"}).out, "[legal-point]"), 0);
}

TEST_F(Draft, DiffNamesLegalPointsThatCameOrWent) {
  Change("organisations.txtpb", " needs_confirmation: \"U17: successor after May 2028\"", "");
  EXPECT_TRUE(absl::StrContains(Policy({"diff", "policy/derbyshire", folder(), "--at", "2026-12-01"}).out,
                                "no longer needs confirmation: organisations.txtpb, `pcc.derbys`: U17"));
  EXPECT_TRUE(absl::StrContains(Policy({"diff", folder(), "policy/derbyshire", "--at", "2026-12-01"}).out,
                                "now needs confirmation: organisations.txtpb, `pcc.derbys`: U17"));
}

TEST_F(Draft, DecideAnswersAsAuthZen) {
  const Ran yes = Policy({"decide", "--policy", folder(), "--authzen", "samples/authzen.json"});
  EXPECT_EQ(yes.code, 0) << yes.err;
  EXPECT_TRUE(absl::StartsWith(yes.out, "{\"decision\":true,"));
  Change("agreements/fire_safety.txtpb", "effective_to: \"2028-03-31\"", "effective_to: \"2026-11-30\"");
  const Ran no = Policy({"decide", "--policy", folder(), "--authzen", "samples/authzen.json"});
  EXPECT_EQ(no.code, 3);
  EXPECT_TRUE(absl::StrContains(no.out, "AGREEMENT_NOT_IN_FORCE"));
  const Ran malformed = Policy({"decide", "--policy", folder(), "--authzen", "policy/README.md"});
  EXPECT_EQ(malformed.code, 2);
  EXPECT_EQ(malformed.out, "") << "no answer that a program could take for one";
}

TEST_F(Draft, DecideAndExplainNameTheNearestPermittedAlternative) {
  const std::string request = (folder_ / "question.json").string();
  std::ofstream(request)
      << R"({"releasingAgency": "dcc.adults", "receivingAgency": "dfrs", "receivingRole": "practitioner",
    "profile": "fire_safety", "purpose": "case.fire_safety", "area": "E07000034", "caseLink": "ASSERTED",
    "justification": true, "time": "2026-12-01T10:00:00Z", "categories": ["household"],
    "subject": {"role": "resident", "age": 74, "flags": []}})";
  const std::string nearest = "household is released with the ground `fire_safety.household` asserted, if it is true";
  const Ran table = Policy({"decide", "--policy", folder(), "--request", request});
  EXPECT_EQ(table.code, 3);
  EXPECT_TRUE(absl::StrContains(table.out, absl::StrCat("nearest: ", nearest))) << table.out;
  const Ran json = Policy({"decide", "--policy", folder(), "--request", request, "-o", "json"});
  EXPECT_TRUE(absl::StrContains(json.out, "\"alternatives\": [")) << json.out;
  EXPECT_TRUE(absl::StrContains(json.out, "\"field\": \"grounds\""));
  const Ran officer = Policy({"explain", "--policy", folder(), "--request", request});
  EXPECT_TRUE(absl::StrContains(officer.out, absl::StrCat("Nearest permitted: ", nearest, ".\n"))) << officer.out;
  const Ran asker = Policy({"explain", "--policy", folder(), "--request", request, "--asker"});
  EXPECT_TRUE(absl::StrContains(asker.out, absl::StrCat("Next: ", nearest))) << asker.out;
}

TEST_F(Draft, ExplainIsARecordThatCanBeFiled) {
  const std::string request = (folder_ / "question.json").string();
  std::ofstream(request)
      << R"({"releasingAgency": "dcc.adults", "receivingAgency": "dfrs", "receivingRole": "practitioner",
    "profile": "fire_safety", "purpose": "case.fire_safety", "area": "E07000034", "caseLink": "ASSERTED",
    "justification": true, "time": "2026-12-01T10:00:00Z", "categories": ["identity", "health.physical", "finance"],
    "grounds": ["fire_safety.health.physical"], "consents": [{"giver": "SUBJECT", "step": "health.physical", "given": true}],
    "subject": {"role": "resident", "age": 74, "flags": []}})";
  const std::string out = Policy({"explain", "--policy", folder(), "--request", request}).out;
  for (const char* line :
       {"Time: 2026-12-01 10:00 UTC\n", "Area: E07000034\n", "Case: named\n",
        "Note on necessity and proportionality: given, sealed\n", "Grounds asserted: fire_safety.health.physical\n",
        "Consents: SUBJECT to health.physical given\n",
        "Clocks: acceptance 72 hours, collection 72 hours, outcome 1440 hours\n", "Overdue: told to the spoc\n",
        "Retention: until superseded or 6 years; entries in the ledger 84 months\n",
        "Existence: an answer may tell whether the person is known\n"})
    EXPECT_TRUE(absl::StrContains(out, line)) << line << "\n" << out;
  const std::string json = Policy({"decide", "--policy", folder(), "--request", request, "-o", "json"}).out;
  EXPECT_TRUE(absl::StrContains(json, R"("retention":{"words":"until superseded or 6 years","ledgerMonths":84})"))
      << json;
}

TEST_F(Draft, ExplainSaysOfADenialOnlyWhatDenies) {
  const std::string request = (folder_ / "question.json").string();
  std::ofstream(request)
      << R"({"releasingAgency": "dcc.adults", "receivingAgency": "dfrs", "receivingRole": "practitioner",
    "profile": "fire_safety", "purpose": "case.fire_safety", "area": "E07000034", "caseLink": "ASSERTED",
    "justification": true, "time": "2026-12-01T10:00:00Z", "categories": ["health.physical"],
    "grounds": ["fire_safety.health.physical"], "subject": {"role": "resident", "age": 74, "flags": ["erasure_due"]}})";
  const std::string out = Policy({"explain", "--policy", folder(), "--request", request}).out;
  EXPECT_TRUE(absl::StrContains(out, "- health.physical is not released.\n    because a flag on the record")) << out;
  for (const char* not_said : {"APPROVAL_REQUIRED", "CONDITION_MET", "REDUCED_FORM", "Next: wait for the decision"})
    EXPECT_FALSE(absl::StrContains(out, not_said)) << not_said << "\n" << out;
}

TEST_F(Draft, TheApplicationsOutputCounts) {
  const std::string request = (folder_ / "question.json").string();
  std::ofstream(request) << R"({"releasingAgency": "dcc.adults", "receivingAgency": "dfrs", "profile": "fire_safety",
    "receivingRole": "practitioner", "purpose": "case.fire_safety", "area": "E07000034", "categories": ["household"]})";
  const std::vector<std::string> decide = {"decide", "--policy", folder(), "--request", request};
  EXPECT_TRUE(absl::StrContains(Policy(decide, {"-o", "json"}).out, "\"alternatives\": ["));
  EXPECT_TRUE(absl::StartsWith(Policy(decide, {"-o", "csv"}).out, "\"category\",\"outcome\","));
  const std::vector<std::string> flows = {"flows", folder(), "--board", "marac", "--at", "2026-12-01"};
  EXPECT_TRUE(absl::StartsWith(Policy(flows, {"-o", "csv"}).out, "profile,giver,"));
  EXPECT_TRUE(absl::StartsWith(Policy(flows, {"-o", "jsonl"}).out, "{\"profile\": "));
  const std::vector<std::string> check = {"check", folder(), "--unconfirmed", "--at", "2026-12-01"};
  EXPECT_TRUE(absl::StartsWith(Policy(check, {"-o", "json"}).out, "[{\"severity\":"));
  EXPECT_TRUE(absl::StartsWith(Policy(check, {"-o", "csv"}).out, "\"severity\",\"file\","));
}

// What policy/README.md has a lead type first.
TEST_F(Draft, TheReadmesThresholdIsMetByTheBundle) {
  std::ifstream file("policy/README.md");
  const std::string readme((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string command = "derwent policy test draft --threshold ";
  const size_t at = readme.find(command);
  ASSERT_NE(at, std::string::npos);
  const std::string threshold = std::to_string(std::stoi(readme.substr(at + command.size())));
  EXPECT_EQ(Policy({"check", folder()}).code, 0);
  EXPECT_EQ(Policy({"test", folder(), "--threshold", threshold}).code, 0) << threshold;
}

TEST_F(Draft, AgreementPrintsAsPdf) {
  const std::string pdf = (folder_ / "isa.pdf").string();
  EXPECT_EQ(Policy({"agreement", folder(), "nrm", "--pdf", pdf}).code, 0);
  EXPECT_TRUE(fs::exists(pdf));
}

TEST_F(Draft, FlowsAndAgreementAreFilteredAndNamed) {
  EXPECT_TRUE(absl::StrContains(Policy({"flows", folder(), "--profile", "fire_safety", "--at", "2026-12-01"}).out,
                                "vulnerability.flag"));
  EXPECT_TRUE(absl::StartsWith(Policy({"flows", folder(), "--board", "marac", "-o", "csv", "--at", "2026-12-01"}).out,
                               "profile,giver,receiver,category,"));
  EXPECT_TRUE(absl::StrContains(Policy({"flows", folder(), "--profile", "marak"}).err, "did you mean `marac`?"));
  EXPECT_TRUE(absl::StrContains(
      Policy({"flows", folder(), "--profile", "marac", "--svg", "-", "--at", "2026-12-01"}).out, "</svg>"));
  EXPECT_TRUE(absl::StrContains(Policy({"agreement", folder(), "marac"}).out, "</html>"));
  EXPECT_EQ(Policy({"agreement", folder(), "marak"}).code, 2);
}

}  // namespace
}  // namespace derwent::cli
