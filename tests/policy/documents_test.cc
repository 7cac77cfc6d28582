// What people read: the agreement, its record of processing, the matrix of flows.

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "agents/cli/policy/agreement_text.h"
#include "agents/cli/policy/matrix.h"
#include "agents/cli/policy/offline.h"
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
    EXPECT_EQ(std::vector<std::string>(absl::StrSplit(line, "\",\"")).size(), 29u) << line;
  EXPECT_TRUE(absl::StartsWith(lines[0], "\"Business function\",\"Purpose of processing\""));
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
