#include "broker/witness/own_entries.h"

#include "tests/broker/witness/witness_fixture.h"
#include "trust/entry/opening.h"

namespace derwent::witness {
namespace {

using ledger::Referral;
using ledger::TestTime;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trust::Field;

// Six entries under two checkpoints: of police to fire, a read of fire's, public ones.
class OwnEntriesTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    ledger::EntryDraft read("read", ledger::Actor::kReleasing);
    read.SetReleasing("dfrs", "p-9").SetIds("", "SearchLedgerEntries", "");
    Commit({Referral(1), read, Public(), Referral(2)});
    Commit({Referral(3), Referral(4)});
  }
  static ledger::EntryDraft Public() {
    return ledger::EntryDraft::Public(trust::EntryKind::kKeyEvent, "event", "key", "police.derbys");
  }
  OwnEntries List(const std::string& agency, uint64_t from, uint64_t size, size_t most = 256) {
    const auto reader = store_->Read().value();
    return ListOwnEntries(agency, from, *reader->FindCheckpoint(size).value(), most, *reader).value();
  }
  static std::vector<uint64_t> IndexesOf(const OwnEntries& own) {
    std::vector<uint64_t> indexes;
    for (const OwnEntries::Receipt& one : own.receipts) indexes.push_back(one.index);
    return indexes;
  }
};

TEST_F(OwnEntriesTest, TellsWhatNamesTheAgencyAndNobodyElse) {
  EXPECT_THAT(IndexesOf(List("police.derbys", 0, 6)), ElementsAre(0, 3, 4, 5));
  EXPECT_THAT(IndexesOf(List("dfrs", 0, 6)), ElementsAre(0, 1, 3, 4, 5));
  EXPECT_THAT(IndexesOf(List("dcc.adults", 0, 6)), IsEmpty());
  EXPECT_EQ(List("dcc.adults", 0, 6).next, 6u);
}

TEST_F(OwnEntriesTest, ProvesEachIntoTheCheckpointThatIsToBeSigned) {
  const OwnEntries own = List("police.derbys", 1, 4);
  EXPECT_THAT(IndexesOf(own), ElementsAre(3)) << "what came later does not count";
  const auto verified = trust::VerifyReceipt(own.receipts[0].tlog_proof, LogKey(), ledger::kOrigin);
  ASSERT_OK(verified);
  EXPECT_EQ(verified->checkpoint.size, 4u);
  EXPECT_EQ(verified->index, 3u);
}

TEST_F(OwnEntriesTest, OpensWhatIsHeldAgainstTheAgencysOwnAndNobodysName) {
  const OwnEntries own = List("police.derbys", 0, 6);
  const auto verified = trust::VerifyReceipt(own.receipts[0].tlog_proof, LogKey(), ledger::kOrigin);
  ASSERT_OK(verified);
  for (const Field field : {Field::kReleasingAgency, Field::kReceivingAgency, Field::kCategories, Field::kIds,
                            Field::kManifestDigest, Field::kStep})
    EXPECT_NE(verified->opening.Value(field), nullptr) << static_cast<int>(field);
  for (const Field field : {Field::kReleasingPerson, Field::kReceivingPerson, Field::kSubjectTags, Field::kSubjectRole,
                            Field::kGrounds, Field::kHolderCommitment})
    EXPECT_EQ(verified->opening.Value(field), nullptr) << static_cast<int>(field);
}

TEST_F(OwnEntriesTest, PagesSayWhereTheNextBegins) {
  const OwnEntries first = List("police.derbys", 0, 6, 2);
  EXPECT_THAT(IndexesOf(first), ElementsAre(0)) << "a public entry counts for the page and is not told";
  EXPECT_EQ(first.next, 3u);
  const OwnEntries second = List("police.derbys", first.next, 6, 2);
  EXPECT_THAT(IndexesOf(second), ElementsAre(3, 4));
  const OwnEntries third = List("police.derbys", second.next, 6, 2);
  EXPECT_THAT(IndexesOf(third), ElementsAre(5));
  EXPECT_EQ(third.next, 6u);
}

}  // namespace
}  // namespace derwent::witness
