#include "broker/ledger/receipt.h"

#include "broker/ledger/entry_opener.h"
#include "broker/ledger/packed_entry.h"
#include "broker/ledger/query.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/entry/opening.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using trust::Field;

class ReceiptTest : public LedgerTest {
 protected:
  trust::VerifiedReceipt Verified(absl::string_view text) {
    return trust::VerifyReceipt(text, log_->vkey(), kOrigin).value();
  }
};

TEST_F(ReceiptTest, OpensToTheSenderWhatTheSenderMaySee) {
  const auto receipt = Verified(Commit({Referral(1)})->MakeReceipt(0, "police.derbys").value());
  EXPECT_EQ(*receipt.opening.Value(Field::kReleasingPerson), "p-17");
  EXPECT_EQ(receipt.opening.Value(Field::kReceivingPerson), nullptr);
  EXPECT_EQ(receipt.opening.Value(Field::kSubjectTags)->size(), 64u);
  EXPECT_EQ(*receipt.opening.Value(Field::kPurpose),
            "purpose=case.fire_safety profile=fire_safety board=tb.dasv area=E07000034");
}

TEST_F(ReceiptTest, OpensToTheRecipientNeitherTagsNorPersonNorHoldersCommitment) {
  const auto receipt = Verified(Commit({Referral(1)})->MakeReceipt(0, "dfrs").value());
  EXPECT_EQ(receipt.opening.Value(Field::kReleasingPerson), nullptr);
  EXPECT_EQ(receipt.opening.Value(Field::kSubjectTags), nullptr);
  EXPECT_EQ(receipt.opening.Value(Field::kHolderCommitment), nullptr);
  EXPECT_EQ(*receipt.opening.Value(Field::kReceivingPerson), "t-3");
}

TEST_F(ReceiptTest, OpensNothingToAStranger) {
  const auto receipt = Verified(Commit({Referral(1)})->MakeReceipt(0, "cbc").value());
  for (const auto& item : receipt.opening.items) EXPECT_FALSE(item.value.has_value());
}

TEST_F(ReceiptTest, IsTheSameFromTheBatchAndFromTheStore) {
  const auto batch = Commit({Referral(1), Referral(2), Referral(3)});
  auto reader = store_->Read().value();
  for (const char* agency : {"police.derbys", "dfrs"}) {
    EXPECT_EQ(batch->MakeReceipt(1, agency).value(), MakeReceipt(*reader, 1, agency).value());
  }
}

TEST_F(ReceiptTest, IsRefusedToAStrangerByTheStore) {
  Commit({Referral(1)});
  auto reader = store_->Read().value();
  EXPECT_THAT(OpenEntry(*reader, 0, "cbc"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(OpenEntry(*reader, 1, "dfrs"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReceiptTest, OpensToAnAuditorTimeCategoriesPurposeAndOutcome) {
  Commit({Referral(1)});
  auto reader = store_->Read().value();
  const OpenedEntry opened =
      EntryOpener::Create(*reader)->Open(FindEntry(*reader, 0).value(), Viewer::kAuditor).value();
  std::vector<int> numbers;
  for (const OpenedField& field : opened.fields) numbers.push_back(field.number);
  EXPECT_THAT(numbers, ::testing::ElementsAre(1, 8, 9, 14));
}

TEST_F(ReceiptTest, BreaksWithAnyFlippedByte) {
  const std::string good = Commit({Referral(1), Referral(2)})->MakeReceipt(1, "dfrs").value();
  for (size_t at = 0; at < good.size(); at += 3) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    const auto receipt = trust::VerifyReceipt(bad, log_->vkey(), kOrigin);
    EXPECT_FALSE(receipt.ok() && receipt->opening.ToExtra() != Verified(good).opening.ToExtra()) << at;
  }
}

TEST_F(ReceiptTest, NeverOpensAnErasedField) {
  Commit({Referral(1)});
  auto reader = store_->Read().value();
  PackedEntry entry = PackedEntry::Decode(reader->FindEntry(0).value()->packed).value();
  entry.fields.salts[2].clear();
  entry.fields.values[2].clear();
  const PackedEntry erased = PackedEntry::Decode(entry.Encode()).value();
  EXPECT_EQ(erased.hashes, entry.hashes);
  EXPECT_FALSE(OpenedFor(erased, Viewer::kReleasing).test(2));
  EXPECT_TRUE(OpenedFor(erased, Viewer::kReleasing).test(1));
}

TEST_F(ReceiptTest, PackedEntriesReadBackAsWritten) {
  Commit({Referral(1)});
  auto reader = store_->Read().value();
  const std::string packed = reader->FindEntry(0).value()->packed;
  const auto entry = PackedEntry::Decode(packed);
  ASSERT_OK(entry);
  EXPECT_EQ(entry->Encode(), packed);
  EXPECT_EQ(trust::HashFields(entry->fields), entry->hashes);
  for (size_t size = 0; size < packed.size(); size += 11)
    EXPECT_FALSE(PackedEntry::Decode(packed.substr(0, size)).ok()) << size;
}

}  // namespace
}  // namespace derwent::ledger
