#include "tests/broker/store/sample_rows.h"
#include "tests/broker/store/store_contract.h"

namespace derwent::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreContract, ARightsNoticeIsFoundByItsKeyAndItsEvent) {
  RightsNoticeRow other_event = SampleRightsNotice(2);
  other_event.key.event_id = ShareId(8);
  Write([&](Transaction& transaction) {
    EXPECT_OK(transaction.PutRightsNotice(SampleRightsNotice(3)));
    EXPECT_OK(transaction.PutRightsNotice(SampleRightsNotice(1)));
    EXPECT_OK(transaction.PutRightsNotice(other_event));
  });
  EXPECT_EQ(Read()->FindRightsNotice(SampleRightsNotice(1).key).value(), SampleRightsNotice(1));
  EXPECT_FALSE(Read()->FindRightsNotice(SampleRightsNotice(2).key).value().has_value());
  EXPECT_THAT(Read()->ListRightsNotices(ShareId(9)).value(), ElementsAre(SampleRightsNotice(1), SampleRightsNotice(3)));
}

TEST_P(StoreContract, ARightsNoticeIsChasedUntilNothingIsAwaited) {
  RightsNoticeRow answered = SampleRightsNotice(1);
  answered.answer = "answer";
  answered.chase_time = std::nullopt;
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.PutRightsNotice(SampleRightsNotice(2)));
    EXPECT_OK(transaction.PutRightsNotice(SampleRightsNotice(1)));
  });
  EXPECT_THAT(Read()->RightsNoticesToChase(At(500), 10).value(), IsEmpty());
  EXPECT_THAT(Read()->RightsNoticesToChase(At(502), 10).value(),
              ElementsAre(SampleRightsNotice(1), SampleRightsNotice(2)));
  EXPECT_THAT(Read()->RightsNoticesToChase(At(502), 1).value(), ElementsAre(SampleRightsNotice(1)));
  Write([&](Transaction& transaction) { EXPECT_OK(transaction.PutRightsNotice(answered)); });
  EXPECT_THAT(Read()->RightsNoticesToChase(At(502), 10).value(), ElementsAre(SampleRightsNotice(2)));
  EXPECT_EQ(Read()->FindRightsNotice(answered.key).value(), answered);
}

TEST_P(StoreContract, ARightsNoticeGoesWithItsShare) {
  Write([](Transaction& transaction) {
    EXPECT_OK(transaction.InsertShare(SampleShare(1)));
    EXPECT_OK(transaction.InsertShare(SampleShare(3)));
    for (const int number : {1, 3}) {
      RightsNoticeRow row = SampleRightsNotice(number);
      row.key.share_id = SampleShare(number).share_id;
      EXPECT_OK(transaction.PutRightsNotice(row));
    }
    EXPECT_OK(transaction.EraseShare(SampleShare(1).share_id));
  });
  const auto left = Read()->ListRightsNotices(ShareId(9)).value();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front().key.share_id, SampleShare(3).share_id);
}

}  // namespace
}  // namespace derwent::store
