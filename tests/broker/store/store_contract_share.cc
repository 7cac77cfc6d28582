#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StoreContract, ReadsASharePartAndItsTagsBack) {
  const PartRow part = SamplePart(1);
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_OK(transaction.InsertPart(part));
    EntryRow entry = SampleEntry(1);
    entry.tags = {Tag(5), Tag(6)};
    EXPECT_OK(transaction.InsertEntry(entry));
  });
  Reopen();
  EXPECT_EQ(Read()->FindShare(ShareId(1)).value(), SampleShare(1));
  EXPECT_EQ(Read()->FindPart(part.key).value(), part);
  EXPECT_THAT(Read()->PartsWithTags({Tag(4), Tag(5)}).value(), ElementsAre(part.key));
  EXPECT_THAT(Read()->PartsWithTags({Tag(6)}).value(), IsEmpty()) << "of the entry's other party";
  EXPECT_FALSE(Read()->FindPart({.share_id = ShareId(1), .recipient_agency = "cbc"}).value().has_value());
}

TEST_P(StoreContract, RefusesAShareTwiceAndAPartWithoutAShare) {
  auto transaction = store_->Begin().value();
  EXPECT_OK(transaction->InsertShare(SampleShare(1)));
  EXPECT_THAT(transaction->InsertShare(SampleShare(1)), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(transaction->InsertPart(SamplePart(2)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(transaction->UpdatePart(SamplePart(1)), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(StoreContract, ListsDuePartsEarliestFirstAndSkipsOverdueOnes) {
  PartRow late = SamplePart(2);
  late.collection.overdue = true;  // runs until acceptance, at 202
  Write([&](Transaction& transaction) {
    for (int i : {1, 2, 3}) EXPECT_OK(transaction.InsertShare(SampleShare(i)));
    EXPECT_OK(transaction.InsertPart(late));
    EXPECT_OK(transaction.InsertPart(SamplePart(3)));
    EXPECT_OK(transaction.InsertPart(SamplePart(1)));
  });
  EXPECT_EQ(Read()->NextDue().value(), At(101));
  EXPECT_THAT(Read()->PartsDue(At(103), 10).value(), ElementsAre(SamplePart(1), SamplePart(3)));
  EXPECT_THAT(Read()->PartsDue(At(300), 10).value(), SizeIs(3));
  EXPECT_THAT(Read()->PartsDue(At(300), 1).value(), ElementsAre(SamplePart(1)));
  PartRow done = SamplePart(1);
  done.collection = done.acceptance = {};
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.UpdatePart(done)); });
  EXPECT_EQ(Read()->NextDue().value(), At(103));
  EXPECT_EQ(Read()->FindPart(done.key).value(), done);
}

TEST_P(StoreContract, ListsSharesNewestFirstByRoleAndPage) {
  Write([](Transaction& transaction) {
    for (int i = 1; i <= 6; ++i) {
      EXPECT_OK(transaction.InsertShare(SampleShare(i, i % 2 == 0 ? "dfrs" : "police.derbys")));
      EXPECT_OK(transaction.InsertPart(SamplePart(i, i % 2 == 0 ? "cbc" : "dfrs")));
    }
  });
  const auto ids = [this](ShareQuery query) {
    std::vector<std::string> found;
    const auto rows = Read()->ListShares(query).value();
    for (const ListedShare& row : rows) found.push_back(row.share.share_id);
    return found;
  };
  EXPECT_THAT(ids({.agency = "dfrs"}),
              ElementsAre(ShareId(6), ShareId(5), ShareId(4), ShareId(3), ShareId(2), ShareId(1)));
  EXPECT_THAT(ids({.agency = "dfrs", .role = ShareRole::kSender}), ElementsAre(ShareId(6), ShareId(4), ShareId(2)));
  EXPECT_THAT(ids({.agency = "dfrs", .role = ShareRole::kRecipient, .limit = 1}), ElementsAre(ShareId(5)));
  const uint64_t fourth = Read()->ListShares({.agency = "dfrs", .limit = 3}).value().back().position;
  EXPECT_THAT(ids({.agency = "dfrs", .before = fourth, .limit = 2}), ElementsAre(ShareId(3), ShareId(2)));
}

TEST_P(StoreContract, LinksASupersededShareToItsSuccessor) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_OK(transaction.SetSuperseded(ShareId(1), ShareId(2)));
    EXPECT_THAT(transaction.SetSuperseded(ShareId(9), ShareId(2)), StatusIs(absl::StatusCode::kNotFound));
  });
  EXPECT_EQ(Read()->FindShare(ShareId(1)).value()->superseded_by_share_id, ShareId(2));
}

TEST_P(StoreContract, HandsDeliveriesOutOldestFirst) {
  std::vector<uint64_t> sequences;
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(2)));
    for (int i = 1; i <= 4; ++i) sequences.push_back(transaction.InsertDelivery(SampleDelivery(i)).value());
    EXPECT_OK(transaction.InsertDelivery(SampleDelivery(5, "cbc")));
    EXPECT_OK(transaction.HoldDelivery(sequences[1]));
    EXPECT_OK(transaction.MarkCollected(sequences[0]));
    EXPECT_OK(transaction.SetDeliveryEntries(sequences[0], {7}));
    EXPECT_OK(transaction.DeleteDelivery(sequences[3]));
    EXPECT_OK(transaction.DeleteDelivery(sequences[3]));
  });
  Reopen();
  DeliveryRow first = SampleDelivery(1);
  first.sequence = sequences[0];
  first.collected_count = 1;
  first.entry_indexes = {7};
  DeliveryRow third = SampleDelivery(3);
  third.sequence = sequences[2];
  EXPECT_THAT(Read()->NextDeliveries("dfrs", At(0), 10).value(), ElementsAre(first, third));
  EXPECT_THAT(Read()->NextDeliveries("dfrs", At(0), 1).value(), ElementsAre(first));
  EXPECT_EQ(Read()->GetMailboxDepth("dfrs").value(), (MailboxDepth{.waiting = 2, .oldest = first.create_time}));
  EXPECT_EQ(Read()->GetMailboxDepth("icb.qj2").value(), MailboxDepth());
  EXPECT_TRUE(Read()->FindDelivery(SampleDelivery(2).delivery_id).value()->held);
  EXPECT_FALSE(Read()->FindDelivery(SampleDelivery(4).delivery_id).value().has_value());
  EXPECT_THAT(Read()->DeliveriesOfPart({.share_id = ShareId(2), .recipient_agency = "dfrs"}).value(), SizeIs(1));
}

TEST_P(StoreContract, HandsMessagesOutWithoutThePackagesBeforeThem) {
  DeliveryRow message = SampleDelivery(2);
  message.kind = 2;
  DeliveryRow later = SampleDelivery(3);
  later.kind = 3;
  later.not_before = At(50);
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertDelivery(SampleDelivery(1)));
    message.sequence = transaction.InsertDelivery(message).value();
    later.sequence = transaction.InsertDelivery(later).value();
  });
  EXPECT_THAT(Read()->NextMessages("dfrs", "emergency.vital", At(0), 10).value(), ElementsAre(message));
  EXPECT_THAT(Read()->NextMessages("dfrs", "emergency.vital", At(50), 10).value(), ElementsAre(message, later));
  EXPECT_THAT(Read()->NextMessages("dfrs", "emergency.vital", At(50), 1).value(), ElementsAre(message));
}

TEST_P(StoreContract, HandsOutPackagesOfOnePurposeAloneAmongTheMessages) {
  DeliveryRow urgent = SampleDelivery(2);
  Write([&](Transaction& transaction) {
    ShareRow share = SampleShare(2);
    share.purpose = "emergency.vital";
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_OK(transaction.InsertShare(share));
    EXPECT_OK(transaction.InsertDelivery(SampleDelivery(1)));
    urgent.sequence = transaction.InsertDelivery(urgent).value();
  });
  EXPECT_THAT(Read()->NextMessages("dfrs", "emergency.vital", At(0), 10).value(), ElementsAre(urgent));
  EXPECT_THAT(Read()->NextMessages("dfrs", "", At(0), 10).value(), IsEmpty());
}

TEST_P(StoreContract, HandsNothingOutBeforeItsTime) {
  DeliveryRow later = SampleDelivery(1);
  later.not_before = At(50);
  Write([&](Transaction& transaction) {
    later.sequence = transaction.InsertDelivery(later).value();
    EXPECT_OK(transaction.InsertDelivery(SampleDelivery(2)));
  });
  EXPECT_THAT(Read()->NextDeliveries("dfrs", At(49), 10).value(), SizeIs(1));
  EXPECT_EQ(Read()->NextDeliveries("dfrs", At(50), 10).value().at(0), later);
}

TEST_P(StoreContract, ListsSharesOfOneKindAndTheRepliesToARequest) {
  Write([](Transaction& transaction) {
    ShareRow request = SampleShare(1, "police.derbys");
    request.kind = 2;
    EXPECT_OK(transaction.InsertShare(request));
    for (const auto& [number, holder] : {std::pair{2, "dfrs"}, {3, "cbc"}, {4, "dfrs"}}) {
      ShareRow answer = SampleShare(number, holder);
      answer.kind = number == 4 ? 4 : 3;
      answer.reply_to_share_id = ShareId(1);
      EXPECT_OK(transaction.InsertShare(answer));
    }
  });
  EXPECT_THAT(Read()->ListShares({.agency = "police.derbys"}).value(), IsEmpty());
  EXPECT_THAT(Read()->ListShares({.agency = "police.derbys", .kind = 2}).value(), SizeIs(1));
  const auto replies = Read()->ListReplies(ShareId(1), "dfrs").value();
  ASSERT_THAT(replies, SizeIs(2));
  EXPECT_EQ(replies[0].share_id, ShareId(2));
  EXPECT_EQ(replies[1].share_id, ShareId(4));
  EXPECT_THAT(Read()->ListReplies("", "dfrs").value(), IsEmpty());
}

TEST_P(StoreContract, RefusesADeliveryIdTwice) {
  auto transaction = store_->Begin().value();
  EXPECT_OK(transaction->InsertDelivery(SampleDelivery(1)));
  EXPECT_THAT(transaction->InsertDelivery(SampleDelivery(1)), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(StoreContract, RemembersAnAnsweredCallUntilItExpires) {
  const IdempotencyKey key{.caller_agency = "dfrs", .method = "SubmitReferral", .request_id = ShareId(1)};
  const IdempotencyRow row{
      .key = key, .request_digest = trust::Sha256("r"), .response = std::string("a\0b", 3), .expire_time = At(9)};
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.InsertIdempotency(row));
    EXPECT_THAT(transaction.InsertIdempotency(row), StatusIs(absl::StatusCode::kAlreadyExists));
  });
  EXPECT_EQ(Read()->FindIdempotency(key).value()->response, std::string("a\0b", 3));
  EXPECT_FALSE(Read()
                   ->FindIdempotency({.caller_agency = "cbc", .method = key.method, .request_id = key.request_id})
                   .value()
                   .has_value());
  Write([&](Transaction& transaction) {
    EXPECT_EQ(transaction.DeleteIdempotencyBefore(At(9), 10).value(), 0u);
    EXPECT_EQ(transaction.DeleteIdempotencyBefore(At(10), 10).value(), 1u);
  });
  EXPECT_FALSE(Read()->FindIdempotency(key).value().has_value());
}

}  // namespace
}  // namespace derwent::store
