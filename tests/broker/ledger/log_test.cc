#include "broker/ledger/log.h"

#include "broker/ledger/packed_entry.h"
#include "broker/ledger/query.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/entry/opening.h"
#include "trust/merkle/proof.h"
#include "trust/note/checkpoint.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(LedgerTest, SignsACheckpointForEachBatch) {
  const auto batch = Commit({Referral(1), Referral(2)});
  const auto checkpoint = trust::OpenCheckpoint(batch->note(), log_->vkey());
  ASSERT_OK(checkpoint);
  EXPECT_EQ(checkpoint->origin, kOrigin);
  EXPECT_EQ(checkpoint->size, 2u);
}

TEST_F(LedgerTest, CountsIndexesOnAcrossBatchesAndRestarts) {
  Commit({Referral(1)});
  Commit({Referral(2), Referral(3)});
  Open();
  auto transaction = store_->Begin().value();
  EXPECT_THAT(log_->Append(*transaction, {Referral(4), Referral(5)}, TestTime(), random_).value(), ElementsAre(3, 4));
}

TEST_F(LedgerTest, KeepsTheNewestCheckpointOfABatchWithoutEntries) {
  const auto first = Commit({Referral(1)});
  EXPECT_EQ(Commit({})->note(), first->note());
}

TEST_F(LedgerTest, LetsTimeNeverGoBack) {
  Commit({Referral(1)}, TestTime(5'000));
  Commit({Referral(2)}, TestTime(1'000));
  Open();
  Commit({Referral(3)}, TestTime(2'000) + absl::Microseconds(700));
  auto reader = store_->Read().value();
  const auto rows = reader->ListEntries(0, 3).value();
  for (const store::EntryRow& row : rows) EXPECT_EQ(row.time, TestTime(5'000));
}

TEST_F(LedgerTest, TakesOneCommandOutOfItsBatch) {
  auto transaction = store_->Begin().value();
  ASSERT_OK(log_->Append(*transaction, {Referral(1)}, TestTime(), random_));
  const Log::Mark mark = log_->mark();
  ASSERT_OK(transaction->Savepoint());
  ASSERT_OK(log_->Append(*transaction, {Referral(2), Referral(3)}, TestTime(9'000), random_));
  ASSERT_OK(transaction->RollbackTo());
  log_->RollbackTo(mark);
  EXPECT_THAT(log_->Append(*transaction, {Referral(4)}, TestTime(1), random_).value(), ElementsAre(1));
  ASSERT_OK(log_->Seal(*transaction));
  ASSERT_OK(transaction->Commit());
  EXPECT_EQ(store_->Read().value()->FindEntry(1).value()->time, TestTime(1));
}

TEST_F(LedgerTest, RefusesADraftThatBreaksAFieldsSyntax) {
  auto transaction = store_->Begin().value();
  EntryDraft draft = Referral(1);
  draft.SetAgreement("two words", "1");
  EXPECT_THAT(log_->Append(*transaction, {draft}, TestTime(), random_), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(log_->size(), 0u);
}

TEST_F(LedgerTest, IsFencedOffWhenAnotherWriterTakesOver) {
  Commit({Referral(1)});
  Log other(kOrigin, TestKey());
  ASSERT_OK(other.TakeOver(*store_));
  auto transaction = store_->Begin().value();
  ASSERT_OK(log_->Append(*transaction, {Referral(2)}, TestTime(), random_));
  EXPECT_THAT(log_->Seal(*transaction), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(LedgerTest, WritesNothingAfterForgetUntilLoaded) {
  log_->Forget();
  auto transaction = store_->Begin().value();
  EXPECT_THAT(log_->Append(*transaction, {Referral(1)}, TestTime(), random_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK(log_->Load(*transaction));
  EXPECT_OK(log_->Append(*transaction, {Referral(1)}, TestTime(), random_));
}

TEST_F(LedgerTest, RefusesToLoadUnderAnotherKey) {
  Commit({Referral(1)});
  Log other(kOrigin, TestKey('x'));
  EXPECT_THAT(other.TakeOver(*store_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not signed by this log's key")));
}

TEST_F(LedgerTest, KeepsTheDecisionRequestBesideTheEntry) {
  Commit({Referral(4)});
  EXPECT_EQ(store_->Read().value()->FindDecisionRequest(0).value(), "canonical request 4");
}

TEST_F(LedgerTest, PublishesTheBodyOfAPublicEntry) {
  const auto batch =
      Commit({Referral(1), EntryDraft::Public(trust::EntryKind::kKeyEvent, "signed event", "key_event", "dfrs")});
  const auto receipt = trust::VerifyReceipt(batch->MakeReceipt(1, "cbc").value(), log_->vkey(), kOrigin);
  ASSERT_OK(receipt);
  EXPECT_EQ(receipt->opening.public_body, "signed event");
  EXPECT_EQ(store_->Read().value()->ListPublicBodies(0x03, 0, 10).value().at(0).body, "signed event");
}

}  // namespace
}  // namespace derwent::ledger
