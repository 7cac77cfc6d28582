#include <thread>

#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StoreContract, ForgetsATransactionThatWasNotCommitted) {
  {
    auto transaction = store_->Begin().value();
    EXPECT_OK(transaction->PutSetting("a", "1"));
  }
  EXPECT_FALSE(Read()->GetSetting("a").value().has_value());
}

TEST_P(StoreContract, ReadsItsOwnWritesAndHidesThemFromOthers) {
  auto transaction = store_->Begin().value();
  EXPECT_OK(transaction->PutSetting("a", "1"));
  EXPECT_EQ(transaction->GetSetting("a").value(), "1");
  EXPECT_FALSE(Read()->GetSetting("a").value().has_value());
}

TEST_P(StoreContract, AllowsOneTransactionAtATime) {
  auto transaction = store_->Begin().value();
  EXPECT_THAT(store_->Begin(), StatusIs(absl::StatusCode::kFailedPrecondition));
  transaction.reset();
  EXPECT_OK(store_->Begin());
}

TEST_P(StoreContract, UndoesOneCommandOnly) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.PutSetting("first", "1"));
    EXPECT_OK(transaction.Savepoint());
    EXPECT_OK(transaction.PutSetting("second", "2"));
    EXPECT_OK(transaction.Savepoint());
    EXPECT_OK(transaction.PutSetting("inner", "3"));
    EXPECT_OK(transaction.Release());
    EXPECT_OK(transaction.RollbackTo());
    EXPECT_OK(transaction.Savepoint());
    EXPECT_OK(transaction.PutSetting("third", "4"));
    EXPECT_OK(transaction.Release());
  });
  EXPECT_EQ(Read()->GetSetting("first").value(), "1");
  EXPECT_FALSE(Read()->GetSetting("second").value().has_value());
  EXPECT_FALSE(Read()->GetSetting("inner").value().has_value());
  EXPECT_EQ(Read()->GetSetting("third").value(), "4");
}

TEST_P(StoreContract, GoesOnAfterAFailedWriteWasRolledBack) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_OK(transaction.Savepoint());
    EXPECT_FALSE(transaction.InsertShare(SampleShare(1)).ok());
    EXPECT_OK(transaction.RollbackTo());
    EXPECT_OK(transaction.InsertShare(SampleShare(2)));
  });
  EXPECT_TRUE(Read()->FindShare(ShareId(2)).value().has_value());
}

TEST_P(StoreContract, RefusesUnbalancedSavepointsAndASecondCommit) {
  auto transaction = store_->Begin().value();
  EXPECT_THAT(transaction->Release(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(transaction->RollbackTo(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(transaction->Savepoint());
  EXPECT_THAT(transaction->Commit(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(transaction->Release());
  EXPECT_OK(transaction->Commit());
  EXPECT_THAT(transaction->Commit(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(StoreContract, KeepsASnapshotWhileTheWriterGoesOn) {
  Write([](Transaction& transaction) { EXPECT_OK(transaction.PutSetting("a", "1")); });
  auto before = Read();
  Write([](Transaction& transaction) { EXPECT_OK(transaction.PutSetting("a", "2")); });
  EXPECT_EQ(before->GetSetting("a").value(), "1");
  EXPECT_EQ(Read()->GetSetting("a").value(), "2");
}

TEST_P(StoreContract, ReadsFromSeveralThreadsBesideTheWriter) {
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([this] {
      for (int round = 0; round < 50; ++round) {
        const auto value = Read()->GetSetting("count").value();
        const auto again = Read()->GetSetting("count").value();
        EXPECT_LE(value.value_or("").size(), again.value_or("").size());
      }
    });
  }
  for (size_t round = 1; round <= 30; ++round) {
    Write([round](Transaction& transaction) { EXPECT_OK(transaction.PutSetting("count", std::string(round, 'x'))); });
  }
}

TEST_P(StoreContract, KeepsKeyEventsInOrderOfTheirSequence) {
  const KeyEventRow second{.agency = "dfrs", .sequence = 2, .envelope = "second", .entry_index = 9};
  const KeyEventRow first{.agency = "dfrs", .sequence = 1, .envelope = "first", .entry_index = 4};
  const KeyEventRow other{.agency = "cbc", .sequence = 1, .envelope = "other", .entry_index = 5};
  Write([&](Transaction& transaction) {
    for (const KeyEventRow* event : {&second, &first, &other}) EXPECT_OK(transaction.InsertKeyEvent(*event));
    EXPECT_THAT(transaction.InsertKeyEvent(first), StatusIs(absl::StatusCode::kAlreadyExists));
  });
  EXPECT_THAT(Read()->ListKeyEvents("dfrs").value(), ElementsAre(first, second));
  EXPECT_THAT(Read()->ListAllKeyEvents().value(), ElementsAre(other, first, second));
}

TEST_P(StoreContract, KeepsTheNewestDirectoryOfAnAgency) {
  DirectoryRow directory{
      .agency = "dfrs", .version = 1, .envelope = "one", .payload_digest = trust::Sha256("one"), .entry_index = 3};
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.PutDirectory(directory)); });
  directory.version = 2;
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.PutDirectory(directory)); });
  EXPECT_EQ(Read()->FindDirectory("dfrs").value(), directory);
  EXPECT_THAT(Read()->ListDirectories().value(), ElementsAre(directory));
}

TEST_P(StoreContract, FindsRestrictionsBySubjectUntilTheyAreLifted) {
  RestrictionRow restriction{.restriction_id = ShareId(7),
                             .agency = "dfrs",
                             .sequence = 1,
                             .action = 1,
                             .envelope = "event",
                             .entry_index = 3};
  const RestrictionTag tag{.tag = Tag(1), .agency = "dfrs", .restriction_id = ShareId(7)};
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutRestriction(restriction));
    EXPECT_OK(transaction.InsertRestrictionTag(tag));
  });
  EXPECT_THAT(Read()->RestrictionsOfTags({Tag(0), Tag(1)}).value(), ElementsAre(tag));
  EXPECT_THAT(Read()->TagsOfRestriction(ShareId(7)).value(), ElementsAre(tag));
  restriction.sequence = 2;
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutRestriction(restriction));
    EXPECT_OK(transaction.DeleteRestrictionTags(ShareId(7)));
  });
  EXPECT_THAT(Read()->RestrictionsOfTags({Tag(1)}).value(), IsEmpty());
  EXPECT_EQ(Read()->FindRestriction(ShareId(7)).value(), restriction);
}

TEST_P(StoreContract, CountsRefusalsByCallerMethodAndReason) {
  const RefusalKey key{.caller = "dfrs", .method = "PlanReferral", .reason = "X"};
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutRefusal({.key = key, .minute = At(0), .repeats = 0}));
    EXPECT_OK(transaction.PutRefusal({.key = key, .minute = At(0), .repeats = 3}));
  });
  EXPECT_EQ(Read()->FindRefusal(key).value()->repeats, 3u);
  EXPECT_THAT(Read()->RefusalsBefore(At(-1), 9).value(), IsEmpty());
  EXPECT_THAT(Read()->RefusalsBefore(At(0), 9).value(), SizeIs(1));
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.DeleteRefusal(key)); });
  EXPECT_FALSE(Read()->FindRefusal(key).value().has_value());
}

}  // namespace
}  // namespace derwent::store
