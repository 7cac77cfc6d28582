#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StoreContract, AnErasedEntryIsFoundByWhatItStillSays) {
  EntryRow entry = SampleEntry(1);
  entry.tags = {Tag(1), Tag(2)};
  entry.decision_request = "asked";
  EntryRow erased = entry;
  erased.packed = "less";
  erased.tags = {Tag(2)};
  erased.columns.receiving_agency = "";
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertEntry(SampleEntry(0)));
    EXPECT_OK(transaction.InsertEntry(entry));
    EXPECT_OK(transaction.EraseEntry(erased, {Tag(1), Tag(2)}));
    EXPECT_THAT(transaction.EraseEntry(SampleEntry(5), {}), StatusIs(absl::StatusCode::kNotFound));
  });
  EXPECT_EQ(Read()->FindEntry(1).value()->packed, "less");
  EXPECT_FALSE(Read()->FindDecisionRequest(1).value().has_value());
  const auto find = [&](const std::string& agency, std::vector<std::string> tags) {
    return Read()->SearchEntries({.viewer_agency = agency, .tags = std::move(tags)}).value();
  };
  EXPECT_THAT(find(entry.columns.releasing_agency, {}), SizeIs(2));
  EXPECT_THAT(find(entry.columns.receiving_agency, {}), IsEmpty());
  EXPECT_THAT(find(entry.columns.supplier_agency, {Tag(1)}), IsEmpty());
}

TEST_P(StoreContract, AnErasedShareGoesWithItsPartsDeliveriesAndReplies) {
  ShareRow reply = SampleShare(2);
  reply.reply_to_share_id = SampleShare(1).share_id;
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_OK(transaction.InsertPart(SamplePart(1)));
    EXPECT_OK(transaction.InsertDelivery(SampleDelivery(1)));
    EXPECT_OK(transaction.InsertShare(reply));
    EXPECT_OK(transaction.InsertShare(SampleShare(3)));
    EXPECT_OK(transaction.EraseShare(SampleShare(1).share_id));
    EXPECT_OK(transaction.EraseShare(SampleShare(1).share_id));
  });
  EXPECT_FALSE(Read()->FindShare(SampleShare(1).share_id).value().has_value());
  EXPECT_FALSE(Read()->FindShare(reply.share_id).value().has_value());
  EXPECT_TRUE(Read()->FindShare(SampleShare(3).share_id).value().has_value());
  EXPECT_FALSE(Read()->FindPart(SamplePart(1).key).value().has_value());
  EXPECT_FALSE(Read()->FindDelivery(SampleDelivery(1).delivery_id).value().has_value());
}

TEST_P(StoreContract, AShareWithoutAnIdErasesNothing) {
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_THAT(transaction.EraseShare(""), StatusIs(absl::StatusCode::kInvalidArgument));
  });
  EXPECT_TRUE(Read()->FindShare(SampleShare(1).share_id).value().has_value());
}

TEST_P(StoreContract, AHoldIsInForceUntilItIsLifted) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.InsertHold(SampleHold(4)));
    EXPECT_OK(transaction.InsertHold(SampleHold(6)));
    EXPECT_THAT(transaction.InsertHold(SampleHold(6)), StatusIs(absl::StatusCode::kAlreadyExists));
  });
  EXPECT_THAT(Read()->HoldsOn(4).value(), ElementsAre(SampleHold(4)));
  EXPECT_THAT(Read()->HoldsOn(5).value(), IsEmpty());
  EXPECT_THAT(Read()->ListHold(SampleHold(4).hold_id).value(), ElementsAre(SampleHold(4), SampleHold(6)));
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.LiftHold(SampleHold(4).hold_id, 9));
    EXPECT_THAT(transaction.LiftHold(SampleHold(4).hold_id, 9), StatusIs(absl::StatusCode::kNotFound));
  });
  EXPECT_THAT(Read()->HoldsOn(4).value(), IsEmpty());
  EXPECT_EQ(Read()->ListHold(SampleHold(4).hold_id).value()[0].lift_index, 9u);
}

TEST_P(StoreContract, ListsErasuresByPartyNewestFirstAndThoseToAttestOldestFirst) {
  Write([](Transaction& transaction) {
    for (const int number : {1, 2, 3}) {
      ErasureRow row = SampleErasure(number);
      if (number != 2) row.entry_index = 10 + static_cast<uint64_t>(number);
      const uint64_t position = transaction.PutErasure(row).value();
      EXPECT_EQ(transaction.PutErasure(row).value(), position);
      EXPECT_OK(transaction.PutErasureParty(SampleErasureParty(position, "dfrs")));
    }
  });
  const auto all = Read()->ListErasures("dfrs", UINT64_MAX, 10).value();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].erasure_id, SampleErasure(3).erasure_id);
  EXPECT_EQ(all[1].entries, SampleErasure(2).entries);
  EXPECT_THAT(Read()->ListErasures("dfrs", all[1].position, 10).value(), SizeIs(1));
  EXPECT_THAT(Read()->ListErasures("ics", UINT64_MAX, 10).value(), IsEmpty());
  const auto unattested = Read()->UnattestedErasures("dfrs", 0, 10).value();
  ASSERT_THAT(unattested, SizeIs(2));
  EXPECT_THAT(Read()->UnattestedErasures("dfrs", unattested[0].position, 10).value(), ElementsAre(unattested[1]));
  EXPECT_THAT(Read()->UnattestedErasures("dfrs", UINT64_MAX, 10).value(), IsEmpty());
  EXPECT_EQ(unattested[0], Read()->FindErasureAt(11).value());
  EXPECT_THAT(Read()->ErasuresToChase(At(499), 10).value(), IsEmpty());
  ASSERT_THAT(Read()->ErasuresToChase(At(500), 10).value(), SizeIs(3));
  ErasurePartyRow attested = SampleErasureParty(unattested[0].position, "dfrs");
  attested.attest_time = At(600);
  attested.chase_time = std::nullopt;
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.PutErasureParty(attested)); });
  EXPECT_THAT(Read()->UnattestedErasures("dfrs", 0, 10).value(), SizeIs(1));
  EXPECT_THAT(Read()->ErasureParties(attested.position).value(), ElementsAre(attested));
}

}  // namespace
}  // namespace derwent::store
