#include <sstream>

#include "absl/strings/str_cat.h"

#include "agents/cli/audit/audit_completeness.h"
#include "agents/cli/audit/audit_export.h"
#include "agents/cli/audit/audit_person.h"
#include "agents/cli/audit/audit_show.h"
#include "tests/support/matchers.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

using derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void AddField(v1::LedgerEntry& entry, const std::string& name, const std::string& value) {
  v1::OpenedField& field = *entry.add_fields();
  field.set_name(name);
  field.set_value(value);
}

// A step of a share of police to fire about its first subject.
v1::LedgerEntry Step(uint64_t index, const std::string& step, const std::string& share,
                     const std::string& profile = "fire_safety", const std::string& outcome = "PERMIT") {
  v1::LedgerEntry entry;
  entry.set_index(index);
  AddField(entry, "time", "1795536292272");
  AddField(entry, "releasing_agency", "police.derbys");
  AddField(entry, "releasing_person", "p-17");
  AddField(entry, "receiving_agency", "dfrs");
  AddField(entry, "subject_role", "subject=1 role=victim");
  AddField(entry, "categories",
           "category=identity asked=full outcome=PERMIT form=full\n"
           "category=address asked=full outcome=DENY\n"
           "category=contact asked=full outcome=APPROVE\n");
  AddField(entry, "purpose", absl::StrCat("purpose=case.fire_safety profile=", profile, " board=tb.dasv"));
  AddField(entry, "ids", absl::StrCat("share=", share));
  AddField(entry, "outcome",
           absl::StrCat("outcome=", outcome, " reasons=NOT_NECESSARY policy=", trust::Sha256("manifest").hex()));
  AddField(entry, "step",
           absl::StrCat("step=", step,
                        " actor=", step == "acknowledgement" || step == "collection" ? "receiving" : "releasing"));
  return entry;
}

std::string Edition(const std::vector<v1::LedgerEntry>& entries, const ReleaseRules& rules) {
  std::ostringstream out;
  ReleasableEdition(entries, rules).Print(Format::kCsv, out);
  return out.str();
}

TEST(ReleasableEditionTest, TellsWhatWentOutAndNothingThatWasWithheldFromTheRecipient) {
  EXPECT_EQ(Edition({Step(7, "referral", "s-1")}, {.open_profiles = {"fire_safety"}}),
            "\"day\",\"from\",\"to\",\"purpose\",\"category\",\"form\"\r\n"
            "\"2026-11-24\",\"police.derbys\",\"dfrs\",\"case.fire_safety\",\"identity\",\"full\"\r\n");
}

TEST(ReleasableEditionTest, TellsWhatWentOutOnceItWasAgreedTo) {
  v1::LedgerEntry agreed = Step(7, "referral", "s-1", "fire_safety", "PENDING");
  agreed.mutable_fields(5)->set_value("category=contact asked=full outcome=APPROVE form=flag_only\n");
  EXPECT_THAT(Edition({agreed}, {.open_profiles = {"fire_safety"}}), HasSubstr("\"contact\",\"flag_only\""));
  // Where existence is secret an answer names the form that agreement would give, and what is given follows it.
  v1::LedgerEntry answer = Step(8, "answer", "s-2", "marac", "PENDING");
  answer.mutable_fields(5)->set_value("category=contact asked=full outcome=APPROVE form=flag_only\n");
  EXPECT_THAT(Edition({answer}, {.release = {8}}), Not(HasSubstr("contact")));
}

TEST(ReleasableEditionTest, IsTheSameAsIfWhatIsWithheldHadNeverBeen) {
  v1::LedgerEntry other = Step(9, "referral", "s-2");
  other.mutable_fields(1)->set_value("cbc");
  const std::vector<v1::LedgerEntry> without = {Step(7, "referral", "s-1"), other};
  const std::string wanted = Edition(without, {.open_profiles = {"fire_safety"}});
  std::vector<v1::LedgerEntry> with = without;
  v1::LedgerEntry secret = Step(8, "referral", "s-3");
  secret.mutable_fields(3)->set_value("probation.em");
  with.insert(with.begin() + 1, secret);
  EXPECT_NE(Edition(with, {.open_profiles = {"fire_safety"}}), wanted);
  EXPECT_EQ(Edition(with, {.open_profiles = {"fire_safety"}, .withhold = {8}}), wanted);
  // Nor do refusals, looks and later steps leave a trace, or entries of profiles that keep existence a secret.
  with = without;
  with.push_back(Step(10, "referral", "s-4", "fire_safety", "DENY"));
  with.push_back(Step(11, "collection", "s-1"));
  with.push_back(Step(12, "read", ""));
  with.push_back(Step(13, "referral", "s-5", "marac"));
  EXPECT_EQ(Edition(with, {.open_profiles = {"fire_safety"}}), wanted);
}

TEST(ReleasableEditionTest, AWholeHistoryWithheldReadsLikeNone) {
  EXPECT_EQ(Edition({Step(7, "referral", "s-1")}, {.open_profiles = {"fire_safety"}, .withhold = {7}}),
            Edition({}, {.open_profiles = {"fire_safety"}}));
}

TEST(ReleasableEditionTest, ASecretIsToldOnlyWhereTheOfficerSaysSo) {
  const std::vector<v1::LedgerEntry> entries = {Step(7, "referral", "s-1", "marac")};
  EXPECT_THAT(Edition(entries, {}), Not(HasSubstr("identity")));
  EXPECT_THAT(Edition(entries, {.release = {7}}), HasSubstr("identity"));
  EXPECT_THAT(Edition(entries, {.withhold = {7}, .release = {7}}), Not(HasSubstr("identity")));
}

v1::ShareEvidence Known(const std::string& share, bool sent, const std::vector<uint64_t>& receipts) {
  v1::ShareEvidence evidence;
  evidence.set_share_id(share);
  evidence.set_sent(sent);
  evidence.set_state(sent ? "STORED" : "RECEIVED");
  for (const uint64_t index : receipts) evidence.add_receipts()->set_index(index);
  return evidence;
}

std::vector<std::string> Gaps(const std::vector<v1::ShareEvidence>& shares, const std::vector<v1::LedgerEntry>& entries,
                              const std::string& agency, std::set<std::string> known = {}) {
  for (const v1::ShareEvidence& share : shares) known.insert(share.share_id());
  std::vector<std::string> told;
  for (const Gap& gap : CompareWithLedger(shares, entries, known, agency))
    told.push_back(absl::StrCat(gap.share, " ", gap.entry, " ", gap.what));
  return told;
}

TEST(ExportTest, TheSameSearchAboutAnotherPersonIsAnotherExport) {
  v1::SearchLedgerEntriesRequest request;
  request.set_page_size(5);
  const std::string nobodys = ExportKey(request);
  request.add_subject_references("one");
  const std::string ones = ExportKey(request);
  EXPECT_EQ(ExportKey(request), ones);
  EXPECT_NE(ones, nobodys);
  EXPECT_THAT(ones, Not(HasSubstr("one\"")));
  request.set_subject_references(0, "another");
  EXPECT_NE(ExportKey(request), ones);
}

TEST(CompletenessTest, FindsNothingWhereBothSidesAgree) {
  const std::vector<v1::LedgerEntry> entries = {Step(3, "referral", "s-1"), Step(4, "collection", "s-1"),
                                                Step(5, "acknowledgement", "s-1")};
  EXPECT_THAT(Gaps({Known("s-1", true, {3})}, entries, "police.derbys"), IsEmpty());
  EXPECT_THAT(Gaps({Known("s-1", false, {3, 4})}, entries, "dfrs"), IsEmpty());
}

TEST(CompletenessTest, AShareOfAnotherPeriodIsKnownAndOneThatIsNowhereIsNot) {
  const std::vector<v1::LedgerEntry> entries = {Step(3, "referral", "s-1"), Step(9, "referral", "s-2"),
                                                Step(12, "referral", "s-3")};
  EXPECT_THAT(Gaps({Known("s-2", true, {9})}, entries, "police.derbys", {"s-1"}),
              ElementsAre("s-3 12 the ledger tells that the agency sent a share that is not in its outbox"));
}

TEST(CompletenessTest, NamesAnEntryThatTheLedgerDropped) {
  EXPECT_THAT(Gaps({Known("s-1", true, {3, 4})}, {Step(3, "referral", "s-1")}, "police.derbys"),
              ElementsAre("s-1 4 a receipt is kept of an entry that the ledger does not tell"));
  EXPECT_THAT(Gaps({Known("s-1", true, {})}, {}, "police.derbys"),
              ElementsAre("s-1  the ledger tells no entry of a share that is in the outbox"));
}

TEST(CompletenessTest, NamesAReceiptThatIsMissing) {
  EXPECT_THAT(
      Gaps({Known("s-1", true, {3})}, {Step(3, "referral", "s-1"), Step(4, "referral", "s-1")}, "police.derbys"),
      ElementsAre("s-1 4 no receipt is kept of an entry of a share that was sent"));
  EXPECT_THAT(Gaps({Known("s-1", false, {})}, {Step(3, "referral", "s-1")}, "dfrs"),
              ElementsAre("s-1  no receipt is kept of a share received"));
}

TEST(CompletenessTest, NamesAShareThatTheAgencyDoesNotKnow) {
  EXPECT_THAT(Gaps({}, {Step(3, "referral", "s-1")}, "police.derbys"),
              ElementsAre(HasSubstr("the agency sent a share that is not in its outbox")));
  EXPECT_THAT(Gaps({}, {Step(3, "referral", "s-1")}, "dfrs"), IsEmpty()) << "it may still wait for it";
  EXPECT_THAT(Gaps({}, {Step(5, "acknowledgement", "s-1")}, "dfrs"), ElementsAre(HasSubstr("neither in the outbox")));
}

TEST(CompletenessTest, AShareThatWaitsToBeSentIsNoGap) {
  v1::ShareEvidence waiting = Known("s-1", true, {});
  waiting.set_state("QUEUED");
  EXPECT_THAT(Gaps({waiting}, {}, "police.derbys"), IsEmpty());
}

class ShowTest : public ::testing::Test {
 protected:
  ShowTest() {
    const std::string profile = "id: \"fire_safety\"\n";
    const std::string gateways = "# all\n\ngateways {\n  id: \"gw.one\"\n}\ngateways {\n  id: \"gw.two\"\n}\n";
    Add("profiles/fire_safety.txtpb", profile);
    Add("gateways.txtpb", gateways);
    const std::string manifest = absl::StrCat(trust::Sha256(gateways).hex(), "  gateways.txtpb\n",
                                              trust::Sha256(profile).hex(), "  profiles/fire_safety.txtpb\n");
    Add("MANIFEST", manifest);
    Add("signatures/agreements/fire_safety.one.dsse.json", "{}");
    *decision_.mutable_entry() = Step(7, "referral", "s-1");
    for (v1::OpenedField& field : *decision_.mutable_entry()->mutable_fields()) {
      if (field.name() == "outcome")
        field.set_value(absl::StrCat("outcome=PERMIT policy=", trust::Sha256(manifest).hex()));
    }
    decision_.set_replay(v1::REPLAY_OUTCOME_SAME);
    decision_.mutable_decision()->add_gateways("gw.two");
  }
  void Add(const std::string& path, const std::string& content) {
    v1::BundleFile& file = *decision_.add_files();
    file.set_path(path);
    file.set_content(content);
  }
  v1::AuditedDecision decision_;
};

TEST_F(ShowTest, ShowsThePolicyAsItWasWithTheGatewaysReliedOnAlone) {
  EXPECT_OK(CheckPolicyText(decision_));
  std::ostringstream out;
  WriteDecision(decision_, true, out);
  for (const char* part : {"--- profiles/fire_safety.txtpb", "id: \"fire_safety\"", "gw.two", "comes out the same",
                           "Gateways relied on: gw.two", "signatures/agreements/fire_safety.one.dsse.json"})
    EXPECT_THAT(out.str(), HasSubstr(part));
  EXPECT_THAT(out.str(), Not(HasSubstr("gw.one")));
  std::ostringstream brief;
  WriteDecision(decision_, false, brief);
  EXPECT_THAT(brief.str(), Not(HasSubstr("--- profiles")));
}

TEST_F(ShowTest, AnotherTextThanTheEntryNamesIsTampering) {
  decision_.mutable_files(0)->set_content("id: \"fire_safety\"\nnecessary: \"address\"\n");
  EXPECT_THAT(CheckPolicyText(decision_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("profiles/fire_safety")));
  decision_.mutable_files()->DeleteSubrange(0, 1);
  EXPECT_OK(CheckPolicyText(decision_));
  decision_.mutable_files(1)->set_content("another manifest");
  EXPECT_THAT(CheckPolicyText(decision_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("MANIFEST")));
}

TEST_F(ShowTest, SaysLoudlyWhatComesOutOtherwise) {
  decision_.set_replay(v1::REPLAY_OUTCOME_DIFFERENT);
  decision_.set_difference("the agreement");
  std::ostringstream out;
  WriteDecision(decision_, false, out);
  EXPECT_THAT(out.str(), HasSubstr("COMES OUT OTHERWISE: the agreement"));
}

}  // namespace
}  // namespace derwent::cli
