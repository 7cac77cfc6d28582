#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StoreContract, StartsWithAnEmptyLog) {
  const LogState state = Read()->GetLogState().value();
  EXPECT_EQ(state.size, 0u);
  EXPECT_EQ(state.root, trust::Sha256(""));
  EXPECT_EQ(state.newest_time, absl::InfinitePast());
  EXPECT_FALSE(Read()->NewestCheckpoint().value().has_value());
}

TEST_P(StoreContract, MovesTheHeadOnlyFromWhereItIs) {
  const LogState next{.size = 1, .root = trust::Sha256("x"), .epoch = 0, .newest_time = At(3)};
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.AdvanceLog(LogState{}, next)); });
  EXPECT_EQ(Read()->GetLogState().value(), next);
  auto transaction = store_->Begin().value();
  EXPECT_THAT(transaction->AdvanceLog(LogState{}, next), StatusIs(absl::StatusCode::kAborted));
}

TEST_P(StoreContract, FencesOffAnOlderEpoch) {
  Write([](Transaction& transaction) { EXPECT_EQ(transaction.RaiseEpoch().value(), 1u); });
  auto transaction = store_->Begin().value();
  const LogState next{.size = 1, .epoch = 0, .newest_time = At(3)};
  EXPECT_THAT(transaction->AdvanceLog(LogState{.epoch = 0}, next), StatusIs(absl::StatusCode::kAborted));
}

TEST_P(StoreContract, KeepsEntriesInOrder) {
  Write([](Transaction& transaction) {
    for (uint64_t i = 0; i < 5; ++i) EXPECT_OK(transaction.InsertEntry(SampleEntry(i)));
  });
  Reopen();
  const auto rows = Read()->ListEntries(1, 3).value();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].index, 1u);
  EXPECT_EQ(rows[2].time, At(3));
  EXPECT_EQ(rows[2].packed, std::string("packed\0", 7));
  EXPECT_FALSE(Read()->FindEntry(5).value().has_value());
  EXPECT_THAT(Read()->ListEntries(UINT64_MAX, 10).value(), IsEmpty());
  EXPECT_FALSE(Read()->FindEntry(UINT64_MAX).value().has_value());
}

TEST_P(StoreContract, KeepsADecisionRequestBesideItsEntry) {
  EntryRow with = SampleEntry(1);
  with.decision_request = std::string("re\0quest", 8);
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertEntry(SampleEntry(0)));
    EXPECT_OK(transaction.InsertEntry(with));
  });
  EXPECT_EQ(Read()->FindDecisionRequest(1).value(), with.decision_request);
  EXPECT_FALSE(Read()->FindDecisionRequest(0).value().has_value());
}

TEST_P(StoreContract, RefusesAnEntryTwice) {
  auto transaction = store_->Begin().value();
  EXPECT_OK(transaction->InsertEntry(SampleEntry(0)));
  EXPECT_THAT(transaction->InsertEntry(SampleEntry(0)), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(StoreContract, SearchesByEachCondition) {
  Write([](Transaction& transaction) {
    for (uint64_t i = 0; i < 6; ++i) EXPECT_OK(transaction.InsertEntry(SampleEntry(i)));
    EXPECT_OK(transaction.AdvanceLog(LogState{}, {.size = 6, .newest_time = At(5)}));
  });
  auto reader = Read();
  const auto find = [&reader](EntryQuery query) {
    if (query.viewer_agency.empty()) query.viewer_agency = "police.derbys";
    return reader->SearchEntries(query).value();
  };
  EXPECT_THAT(find({}), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(find({.viewer_agency = "cbc"}), ElementsAre(1, 3, 5));
  EXPECT_THAT(find({.start = At(2), .end = At(4)}), ElementsAre(2, 3));
  EXPECT_THAT(find({.other_agency = "dfrs"}), ElementsAre(0, 2, 4));
  EXPECT_THAT(find({.board = "none"}), IsEmpty());
  EXPECT_THAT(find({.purpose = "case.fire_safety", .outcome = "DENY"}), ElementsAre(3, 4, 5));
  EXPECT_THAT(find({.share_id = ShareId(2)}), ElementsAre(2));
  EXPECT_THAT(find({.step = "referral", .reason = "B_REASON", .from_index = 4}), ElementsAre(4, 5));
  EXPECT_THAT(find({.reason = "REASON"}), IsEmpty());
  EXPECT_THAT(find({.tags = {Tag(5), Tag(1)}}), ElementsAre(1, 5));
  EXPECT_THAT(find({.viewer_agency = "cbc", .tags = {Tag(5), Tag(1)}}), IsEmpty());
  EXPECT_THAT(find({.limit = 2}), ElementsAre(0, 1));
  EXPECT_THAT(find({.before_index = 2}), ElementsAre(0, 1));
  EXPECT_THAT(reader->SearchEntries({}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(StoreContract, SearchesEveryAgencysEntriesButNotForAPersonOrShare) {
  Write([](Transaction& transaction) {
    for (uint64_t i = 0; i < 6; ++i) EXPECT_OK(transaction.InsertEntry(SampleEntry(i)));
  });
  auto reader = Read();
  EXPECT_THAT(reader->SearchEntries({.every_agency = true, .outcome = "DENY"}).value(), ElementsAre(3, 4, 5));
  for (const EntryQuery& query :
       {EntryQuery{.every_agency = true, .share_id = ShareId(2)}, EntryQuery{.every_agency = true, .tags = {Tag(1)}},
        EntryQuery{.viewer_agency = "cbc", .every_agency = true}})
    EXPECT_THAT(reader->SearchEntries(query), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(StoreContract, CountsAnAgencysEntriesAhead) {
  Write([](Transaction& transaction) {
    for (uint64_t i = 0; i < 6; ++i) EXPECT_OK(transaction.InsertEntry(SampleEntry(i)));
    EXPECT_OK(transaction.AdvanceLog(LogState{}, {.size = 6, .newest_time = At(5)}));
  });
  EXPECT_EQ(Read()->IndexAfter("cbc", 1, 2).value(), 5u);
  EXPECT_EQ(Read()->IndexAfter("cbc", 2, 2).value(), std::nullopt);
  EXPECT_EQ(Read()->FirstIndexAt(At(3)).value(), 3u);
  EXPECT_EQ(Read()->FirstIndexAt(At(99)).value(), 6u);
}

TEST_P(StoreContract, ExtendsTilesInPlace) {
  const TileKey key{.level = 1, .number = 70'000};
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.ExtendTile(key, std::string(32, '\0'))); });
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.ExtendTile(key, std::string(64, '\xff'))); });
  EXPECT_EQ(Read()->GetTile(key).value(), std::string(32, '\0') + std::string(64, '\xff'));
  EXPECT_EQ(Read()->GetTile({.level = 0, .number = 70'000}).value(), "");
}

TEST_P(StoreContract, KeepsCosignaturesUntilALargerSizeHasItsQuorum) {
  const CosignatureRow first{.size = 3, .witness = "one", .line = "line\n", .add_time = At(1)};
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.KeepCosignature(first));
    EXPECT_OK(transaction.KeepCosignature({.size = 3, .witness = "one", .line = "again", .add_time = At(2)}));
    EXPECT_OK(transaction.KeepCosignature({.size = 5, .witness = "one", .line = "line\n", .add_time = At(3)}));
  });
  Reopen();
  EXPECT_THAT(Read()->ListCosignatures(3).value(), ElementsAre(first));
  EXPECT_FALSE(Read()->NewestCosigned(100).value().has_value());
  Write([](Transaction& transaction) { EXPECT_OK(transaction.MarkCosigned(5, At(4))); });
  EXPECT_THAT(Read()->ListCosignatures(3).value(), IsEmpty());
  EXPECT_EQ(Read()->NewestCosigned(100).value(), 5u);
  EXPECT_FALSE(Read()->NewestCosigned(5).value().has_value());
  Write([](Transaction& transaction) { EXPECT_OK(transaction.UnmarkCosigned(5)); });
  EXPECT_FALSE(Read()->NewestCosigned(100).value().has_value());
  EXPECT_THAT(Read()->ListCosignatures(5).value(), SizeIs(1));
}

// Sizes 1 to `size`, each with a cosignature and marked.
void MarkUpTo(uint64_t size, Transaction& transaction) {
  for (uint64_t i = 1; i <= size; ++i) {
    EXPECT_OK(transaction.KeepCosignature({.size = i, .witness = "one", .line = "line\n", .add_time = At(1)}));
    EXPECT_OK(transaction.MarkCosigned(i, At(2)));
  }
}

TEST_P(StoreContract, WhatOnceHadItsQuorumKeepsItsCosignatures) {
  Write([](Transaction& transaction) {
    MarkUpTo(3, transaction);
    EXPECT_OK(transaction.UnmarkCosigned(3));
    EXPECT_OK(transaction.KeepCosignature({.size = 4, .witness = "one", .line = "line\n", .add_time = At(3)}));
    EXPECT_OK(transaction.KeepCosignature({.size = 5, .witness = "two", .line = "line\n", .add_time = At(3)}));
    EXPECT_OK(transaction.MarkCosigned(5, At(3)));
  });
  EXPECT_EQ(Read()->NewestCosigned(5).value(), 2u);
  for (const uint64_t size : {1, 2, 3, 5}) EXPECT_THAT(Read()->ListCosignatures(size).value(), SizeIs(1)) << size;
  EXPECT_THAT(Read()->ListCosignatures(4).value(), IsEmpty());
  Write([](Transaction& transaction) { EXPECT_OK(transaction.MarkCosigned(3, At(4))); });
  EXPECT_EQ(Read()->NewestCosigned(5).value(), 3u) << "its quorum came under the policy of now";
}

TEST_P(StoreContract, AllUpToASizeAreUnmarkedForGood) {
  Write([](Transaction& transaction) {
    MarkUpTo(5, transaction);
    EXPECT_OK(transaction.UnmarkCosigned(5));
    EXPECT_OK(transaction.UnmarkCosignedDownFrom(4));
  });
  EXPECT_FALSE(Read()->NewestCosigned(100).value().has_value());
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.MarkCosigned(4, At(6)));
    EXPECT_OK(transaction.MarkCosigned(5, At(6)));
  });
  EXPECT_EQ(Read()->NewestCosigned(100).value(), 5u);
  EXPECT_FALSE(Read()->NewestCosigned(5).value().has_value());
  EXPECT_THAT(Read()->ListCosignatures(1).value(), SizeIs(1));
}

TEST_P(StoreContract, AWitnessIsNeverSeenToGoBack) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.PutWitnessView({.witness = "one", .size = 7, .seen_time = At(1)}));
    EXPECT_OK(transaction.PutWitnessView({.witness = "one", .size = 5, .seen_time = At(2)}));
  });
  EXPECT_THAT(Read()->ListWitnessViews().value(),
              ElementsAre(WitnessViewRow{.witness = "one", .size = 7, .seen_time = At(1)}));
}

TEST_P(StoreContract, FindsCheckpointsByNewestAndBySize) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.InsertCheckpoint({.size = 3, .note = "three\n\n— x\n"}));
    EXPECT_OK(transaction.InsertCheckpoint({.size = 12, .note = "twelve"}));
  });
  EXPECT_EQ(Read()->NewestCheckpoint().value()->size, 12u);
  EXPECT_EQ(Read()->FindCheckpoint(3).value()->note, "three\n\n— x\n");
  EXPECT_FALSE(Read()->FindCheckpoint(4).value().has_value());
}

TEST_P(StoreContract, ListsPublicBodiesOfOneKind) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.InsertPublicBody({.index = 1, .kind = 3, .body = "one"}));
    EXPECT_OK(transaction.InsertPublicBody({.index = 2, .kind = 4, .body = "two"}));
    EXPECT_OK(transaction.InsertPublicBody({.index = 5, .kind = 3, .body = "five"}));
  });
  EXPECT_THAT(Read()->ListPublicBodies(3, 0, 10).value(), SizeIs(2));
  EXPECT_EQ(Read()->ListPublicBodies(3, 2, 10).value().at(0).body, "five");
  EXPECT_EQ(Read()->FindPublicBody(2).value()->kind, 4);
}

}  // namespace
}  // namespace derwent::store
