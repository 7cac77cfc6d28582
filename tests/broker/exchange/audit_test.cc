#include "broker/exchange/officer/audit.h"

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/governance/archive.h"
#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/governance/past.h"
#include "broker/exchange/governance/policy_change.h"
#include "broker/exchange/officer/credentials.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

using testing::IsOk;

// Entries as the exchange makes them, so far as a report reads them.
class BreachTest : public ExchangeTest {
 protected:
  void Enter(const std::string& person, const std::string& recipient, const std::string& share,
             std::vector<std::string> tags, absl::Time time) {
    ledger::EntryDraft draft("referral", ledger::Actor::kReleasing);
    draft.SetReleasing(kSender, person)
        .SetReceiving(recipient, "")
        .SetSubject(1, "victim", std::move(tags))
        .AddCategory({.category = "identity", .asked = "full", .outcome = "PERMIT", .form = "full"})
        .AddCategory({.category = "contact", .asked = "full", .outcome = "DENY", .form = ""})
        .SetIds(share, "", "");
    now_ = time;
    ASSERT_OK(Run([&](Batch& batch) { return batch.Append(draft).status(); }));
  }
  absl::StatusOr<v1::BreachReport> Report(const v1::ReportBreachRequest& request, const std::string& agency = kSender) {
    const absl::StatusOr<CheckedAudit> audit = CheckBreach(AgentOf(agency), request);
    if (!audit.ok()) return audit.status();
    uint64_t entry = 0;
    const absl::Status entered = Run([&](Batch& batch) -> absl::Status {
      const absl::StatusOr<uint64_t> index = EnterPage(AgentOf(agency), audit->look, audit->token, batch);
      if (index.ok()) entry = *index;
      return index.status();
    });
    if (!entered.ok()) return entered;
    return ReportBreach(*audit, entry, *tagger_, *store_->Read().value());
  }
  static std::string Tag(char octet) { return std::string(32, octet); }
};

TEST_F(BreachTest, CountsPeopleSharesCategoriesAndRecipientsOfACredential) {
  const absl::Time start = now_;
  Enter("p-lost", kRecipient, "s-1", {Tag('a')}, start + absl::Hours(1));
  Enter("p-lost", kStranger, "s-1", {Tag('a'), Tag('b')}, start + absl::Hours(2));
  Enter("p-lost", kRecipient, "s-2", {Tag('b')}, start + absl::Hours(3));  // The same person, by another identifier.
  Enter("p-lost", kRecipient, "s-3", {Tag('c')}, start + absl::Hours(4));
  Enter("p-lost", kRecipient, "s-4", {}, start + absl::Hours(5));  // Somebody without a verified identifier.
  Enter("p-other", kRecipient, "s-5", {Tag('d')}, start + absl::Hours(6));
  v1::ReportBreachRequest request;
  request.set_person("p-lost");
  const auto report = Report(request);
  ASSERT_OK(report);
  EXPECT_EQ(report->entries(), 5u);
  EXPECT_EQ(report->shares(), 4u);
  EXPECT_EQ(report->people(), 3u);
  EXPECT_EQ(report->without_reference(), 1u);
  ASSERT_EQ(report->categories_size(), 1) << "what was denied did not go";
  EXPECT_EQ(report->categories(0).code(), "identity");
  ASSERT_EQ(report->agencies_size(), 2);
  EXPECT_EQ(report->agencies(0).code(), kStranger);
  EXPECT_EQ(report->agencies(0).people(), 1u);
  EXPECT_EQ(report->agencies(1).shares(), 4u);
  const std::string told = report->SerializeAsString();
  for (const char tag : {'a', 'b', 'c'}) EXPECT_EQ(told.find(Tag(tag)), std::string::npos);
  EXPECT_EQ(told.find("p-lost"), std::string::npos);
}

TEST_F(BreachTest, TakesAWindowAndTheRecipientsView) {
  const absl::Time start = now_;
  Enter("p-1", kRecipient, "s-1", {Tag('a')}, start + absl::Hours(1));
  Enter("p-1", kRecipient, "s-2", {Tag('b')}, start + absl::Hours(3));
  Enter("p-1", kRecipient, "s-3", {Tag('b')}, start + absl::Hours(4));
  v1::ReportBreachRequest request;
  *request.mutable_start_time() = trust::ToTimestamp(start + absl::Hours(2));
  EXPECT_EQ(Report(request)->people(), 1u);
  const auto theirs = Report(request, kRecipient);
  ASSERT_OK(theirs);
  EXPECT_EQ(theirs->people(), 2u) << "the tags are not the recipient's to open: nobody is told apart by them";
  EXPECT_EQ(theirs->without_reference(), 2u);
  EXPECT_EQ(theirs->agencies(0).code(), kSender);
  request.set_person("p-1");
  EXPECT_EQ(Report(request, kRecipient)->entries(), 0u) << "who acted for another is not its to ask by";
}

TEST_F(BreachTest, ASerialNamesTheCredentialFromItsFirstActOn) {
  const absl::Time start = now_;
  Enter("p-lost", kRecipient, "s-1", {Tag('a')}, start + absl::Hours(1));  // By another certificate of theirs.
  Caller bearer = AgentOf(kSender);
  bearer.id.kind = trust::CallerKind::kPerson;
  bearer.id.name = "p-lost";
  bearer.serial = "0a1b";
  now_ = start + absl::Hours(2);
  ASSERT_OK(Run([&](Batch& batch) { return KeepCredential(bearer, batch); }));
  Enter("p-lost", kRecipient, "s-2", {Tag('b')}, start + absl::Hours(3));
  Enter("p-other", kRecipient, "s-3", {Tag('c')}, start + absl::Hours(4));
  ASSERT_OK(Run([&](Batch& batch) { return KeepCredential(bearer, batch); }));
  v1::ReportBreachRequest request;
  request.set_certificate_serial("0a1b");
  const auto report = Report(request);
  ASSERT_OK(report);
  EXPECT_EQ(report->shares(), 1u);
  EXPECT_EQ(ReasonOf(Report(request, kRecipient).status()), "CREDENTIAL_UNKNOWN") << "it is another agency's";
  request.set_certificate_serial("0a1c");
  EXPECT_EQ(ReasonOf(Report(request).status()), "CREDENTIAL_UNKNOWN");
  request.set_certificate_serial("0A1B");
  EXPECT_EQ(ReasonOf(Report(request).status()), "PAYLOAD_REJECTED");
  request.set_certificate_serial("0a1b");
  request.set_person("p-lost");
  EXPECT_EQ(ReasonOf(Report(request).status()), "PAYLOAD_REJECTED");
}

TEST_F(BreachTest, AnAgentsSerialIsTheAgencyAsAWhole) {
  Caller agent = AgentOf(kSender);
  agent.serial = "0d";
  ASSERT_OK(Run([&](Batch& batch) { return KeepCredential(agent, batch); }));
  Enter("p-1", kRecipient, "s-1", {Tag('a')}, now_ + absl::Hours(1));
  Enter("p-2", kRecipient, "s-2", {Tag('b')}, now_ + absl::Hours(1));
  v1::ReportBreachRequest request;
  request.set_certificate_serial("0d");
  EXPECT_EQ(Report(request)->shares(), 2u);
}

TEST_F(BreachTest, AsksForAPersonOrAWindow) {
  EXPECT_EQ(ReasonOf(Report({}).status()), "PAYLOAD_REJECTED");
  v1::ReportBreachRequest request;
  request.set_person("p 1");
  EXPECT_EQ(ReasonOf(Report(request).status()), "PAYLOAD_REJECTED");
}

TEST(ShadowLookTest, SaysWhichDraftAndWhichStretchOfTheLedger) {
  v1::ShadowPolicyRequest request;
  request.set_revision(3);
  const Look first = LookOf(request);
  EXPECT_EQ(first.what, "ShadowPolicy");
  EXPECT_NE(first.query, Sha256Digest());
  v1::ShadowPolicyRequest other = request;
  other.set_revision(4);
  EXPECT_NE(LookOf(other).query, first.query);
  other = request;
  other.set_from_index(3);
  EXPECT_NE(LookOf(other).query, first.query);
  other = request;
  *other.mutable_since() = trust::ToTimestamp(absl::FromUnixSeconds(3));
  EXPECT_NE(LookOf(other).query, first.query);
}

class ArchiveTest : public ExchangeTest {};

TEST_F(ArchiveTest, ABundleIsKeptOnceAndFoundByWhatItsEntrySays) {
  ASSERT_OK(Run([&](Batch& batch) { return EnterPolicy(batch); }));
  ASSERT_OK(Run([&](Batch& batch) { return ArchiveBundle(*batch.world().bundle, batch); }));
  const auto found = FindBundle(PolicyInForce(*world().bundle), *store_->Read().value());
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ(**found, world().bundle->files);
  EXPECT_FALSE(FindBundle("policy 00\ngovernance 00\n", *store_->Read().value())->has_value());
}

TEST_F(ArchiveTest, AKeptFileThatWasChangedIsNotTaken) {
  ASSERT_OK(Run([&](Batch& batch) { return EnterPolicy(batch); }));
  const auto& [path, content] = *world().bundle->files.begin();
  const std::string name = absl::StrCat("archive/file/", trust::Sha256(content).hex());
  ASSERT_OK(Run([&](Batch& batch) { return batch.write().PutSetting(name, "another text"); }));
  EXPECT_THAT(FindBundle(PolicyInForce(*world().bundle), *store_->Read().value()),
              testing::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace derwent::exchange
