// What people read: the agreement, its record of processing, the matrix of flows.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "agents/cli/policy/agreement_text.h"
#include "agents/cli/policy/matrix.h"
#include "agents/cli/policy/offline.h"
#include "agents/cli/policy/pdf.h"
#include "tests/policy/derbyshire.h"

namespace derwent::cli {
namespace {

const OfflinePolicy& Offline() {
  static const OfflinePolicy& offline = *new OfflinePolicy(ReadPolicy("policy/derbyshire").value());
  return offline;
}

TEST(AgreementDocument, CoversEveryPointOfTheCodeUnderOneDigest) {
  const std::string html = AgreementHtml(ReadAgreementText(Offline(), "marac").value());
  for (const char* section :
       {"Parties and dates", "Purpose", "onward sharing", "Data items and categories", "Lawful basis",
        "Special category", "Individual rights", "Governance", "Security", "Retention", "Consent", "Children",
        "Emergency sharing", "Termination", "Review", "Annexes"}) {
    EXPECT_TRUE(absl::StrContains(html, section)) << section;
  }
  EXPECT_TRUE(absl::StrContains(html, Offline().policy->digest));
  for (const char* said : {"Crime and Disorder Act 1998 s115", "only when: economic abuse or safe-exit need",
                           "DPIA-2026-marac", "Needs confirmation: U07", "Derbyshire Constabulary", "@page"}) {
    EXPECT_TRUE(absl::StrContains(html, said)) << said;
  }
  EXPECT_FALSE(absl::StrContains(html, "<script"));
}

TEST(AgreementDocument, SaysWhatTheCodeAsksForBeyondTheRules) {
  const std::string html = AgreementHtml(ReadAgreementText(Offline(), "marac").value());
  for (const char* said :
       {"<h3>Freedom of information and environmental information</h3>", "Environmental Information Regulations 2004",
        "<h3>The child's voice and wishes</h3>", "<h3>Return or deletion</h3>", "<h3>Glossary</h3>",
        "<td>onward_deny</td><td>Not to be passed on without the originator</td>", "<h3>Sample form: request</h3>",
        "<h3>Sample form: decision</h3>",
        "<td>marac</td><td>case by case, on request or referral</td><td>to be completed</td>",
        "<p class=\"open\">To be completed: the volumes"})
    EXPECT_TRUE(absl::StrContains(html, said)) << said;
}

TEST(AgreementDocument, IsThereForEveryAgreement) {
  for (const policy::Agreement& agreement : Offline().policy->agreements) {
    const AgreementText text = ReadAgreementText(Offline(), agreement.id).value();
    EXPECT_GT(AgreementHtml(text).size(), 10000u) << agreement.id;
    EXPECT_GT(Article30Csv(text).size(), 2000u) << agreement.id;
  }
  EXPECT_TRUE(absl::StrContains(ReadAgreementText(Offline(), "marak").status().message(), "did you mean `marac`?"));
}

TEST(AgreementDocument, EscapesWhatStandsInTheText) {
  AgreementText text = ReadAgreementText(Offline(), "marac").value();
  text.agreement.set_title("<script>alert(1)</script>");
  EXPECT_FALSE(absl::StrContains(AgreementHtml(text), "<script>"));
  text.profiles[0].set_retention("=1+1");
  EXPECT_TRUE(absl::StrContains(Article30Csv(text), "\"'=1+1\""));
}

TEST(Article30, HasALineForEachItemInTheColumnsOfTheTemplate) {
  const AgreementText text = ReadAgreementText(Offline(), "marac").value();
  const std::vector<std::string> lines = absl::StrSplit(Article30Csv(text), "\r\n", absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 1u + text.profiles[0].necessary_size() + text.profiles[0].conditional_size());
  for (const std::string& line : lines)
    EXPECT_EQ(std::vector<std::string>(absl::StrSplit(line, "\",\"")).size(), 30u) << line;
  EXPECT_TRUE(absl::StartsWith(lines[0], "\"Business function\",\"Purpose of processing\""));
}

// What stands in `column` of the line about `category`.
std::string CellOf(const AgreementText& text, absl::string_view category, absl::string_view column) {
  const std::vector<std::string> lines = absl::StrSplit(Article30Csv(text), "\r\n", absl::SkipEmpty());
  const std::vector<std::string> head = absl::StrSplit(lines[0], "\",\"");
  for (const std::string& line : lines) {
    const std::vector<std::string> cells = absl::StrSplit(line, "\",\"");
    if (!absl::StartsWith(cells[4], absl::StrCat(category, ":"))) continue;
    for (size_t i = 0; i < head.size(); ++i) {
      if (absl::StartsWith(head[i], column)) return cells[i];
    }
  }
  return "no such cell";
}

TEST(Article30, SaysWhatTheAgreementsKindAndTheCategoryAskFor) {
  const AgreementText marac = ReadAgreementText(Offline(), "marac").value();
  EXPECT_TRUE(
      absl::StrContains(CellOf(marac, "identity", "Name and contact details of joint"), "dcc.community_safety"));
  EXPECT_TRUE(absl::StrContains(CellOf(marac, "identity", "Categories of individuals"), "victim_child_da"));
  EXPECT_TRUE(absl::StrContains(CellOf(marac, "identity", "Legitimate interests"), "recognised: Annex 1, lb.ea.p"));
  EXPECT_EQ(CellOf(marac, "identity", "Data Protection Act 2018 Schedule 1"), "");
  EXPECT_TRUE(absl::StrContains(CellOf(marac, "risk.victim", "Data Protection Act 2018 Schedule 1"), "c9.g6"));
  EXPECT_TRUE(absl::StrContains(CellOf(marac, "risk.victim", "UK GDPR Article 6 lawful basis"), "police: lb.e"));
  const AgreementText nrm = ReadAgreementText(Offline(), "nrm").value();
  EXPECT_EQ(CellOf(nrm, "identity", "Name and contact details of joint"), "");
  EXPECT_TRUE(absl::StrContains(CellOf(nrm, "identity", "The source"), "police.derbys"));
  const AgreementText support = ReadAgreementText(Offline(), "sv_support").value();
  EXPECT_TRUE(absl::StrContains(CellOf(support, "identity", "Link to record of consent"), "sarc"));
}

TEST(Article30, NamesTheProfilesOwnPeople) {
  const std::string at_home =
      CellOf(ReadAgreementText(Offline(), "fire_safety").value(), "identity", "Categories of individuals");
  EXPECT_TRUE(absl::StrContains(at_home, "resident")) << at_home;
  for (const char* other : {"offender_managed", "sponsor", "perpetrator"})
    EXPECT_FALSE(absl::StrContains(at_home, other)) << at_home;
  EXPECT_TRUE(absl::StrContains(
      CellOf(ReadAgreementText(Offline(), "immediate_justice").value(), "identity", "Categories of individuals"),
      "complainant"));
}

TEST(Article30, NamesPart3WhereACompetentAuthorityActsUnderIt) {
  const AgreementText marac = ReadAgreementText(Offline(), "marac").value();
  const std::string basis = CellOf(marac, "identity", "Article 6 lawful basis");
  EXPECT_TRUE(absl::StrContains(basis, "for law-enforcement purposes under Part 3: police: le.35; prison: le.35"))
      << basis;
  for (const char* other : {"yot: le.35", "council_upper: le.35"})
    EXPECT_FALSE(absl::StrContains(basis, other)) << other;
  const std::string condition = CellOf(marac, "health.mental", "Article 9 condition");
  EXPECT_TRUE(absl::StrContains(condition, "police, probation, prison: s8.4")) << condition;
  EXPECT_FALSE(absl::StrContains(CellOf(marac, "identity", "Article 9 condition"), "s8.")) << "no sensitive processing";
}

TEST(AgreementDocument, StatesWhatItsKindAsksFor) {
  struct Case {
    const char* agreement;
    std::vector<const char*> said, not_said;
  };
  for (const Case& c :
       {Case{"fire_safety",
             {"revision 1, reciprocal", "<b>Reciprocal.</b>", "decides alone whether to give"},
             {"Givers:"}},
        Case{"nrm",
             {"revision 1, one-way", "Givers: Derbyshire Constabulary", "Only receive: ", "returns or deletes it"},
             {"<td>joint controller</td>"}},
        Case{"marac",
             {"revision 1, joint controllers", "UK GDPR Article 26", "Single contact point for people",
              "each is liable to them for the whole", "privacy notice PN-marac", "<td>joint controller</td>",
              "Needs confirmation: domain brief D.1"},
             {"Givers:"}}}) {
    const std::string html = AgreementHtml(ReadAgreementText(Offline(), c.agreement).value());
    for (const char* said : c.said) EXPECT_TRUE(absl::StrContains(html, said)) << c.agreement << ": " << said;
    for (const char* said : c.not_said) EXPECT_FALSE(absl::StrContains(html, said)) << c.agreement << ": " << said;
  }
}

TEST(AgreementPdf, IsPrintedWhole) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/agreement.pdf");
  std::filesystem::remove(path);
  ASSERT_TRUE(WritePdf(AgreementHtml(ReadAgreementText(Offline(), "fire_safety").value()), path).ok());
  std::ifstream file(path, std::ios::binary);
  const std::string octets((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(absl::StartsWith(octets, "%PDF-"));
  EXPECT_GT(octets.size(), 20000u);
  EXPECT_FALSE(std::filesystem::exists(path + ".partial.html"));
}

TEST(AgreementPdf, SaysWhichPackageIsMissing) {
  const std::string before = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  const std::string path = absl::StrCat(::testing::TempDir(), "/missing.pdf");
  const absl::Status status = WritePdf("<html></html>", path);
  setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "install the Debian package weasyprint")) << status;
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".partial.html"));
}

TEST(FlowMatrix, HasACellForEachReceiverAndCategory) {
  const auto flows = policy::FlowsOf(policy::Derbyshire(), absl::CivilDay(2026, 12, 1),
                                     {.profiles = {"fire_safety"}, .agencies = {}, .categories = {}});
  const std::string svg = FlowMatrix(flows, "a < b");
  EXPECT_TRUE(absl::StartsWith(svg, "<svg "));
  EXPECT_TRUE(absl::StrContains(svg, "a &lt; b"));
  EXPECT_TRUE(absl::StrContains(svg, "dfrs: vulnerability.flag full under fire_safety"));
}

}  // namespace
}  // namespace derwent::cli
