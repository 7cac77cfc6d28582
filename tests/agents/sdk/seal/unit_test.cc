#include "agents/sdk/seal/unit.h"

#include <functional>

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::derwent::testing::IsOkAndHolds;
using ::derwent::testing::StatusIs;

trust::SecretBytes Key(char octet = 'k') { return trust::SecretBytes(std::string(32, octet)); }
UnitLabel Label() {
  return {.share_id = "share", .version = 1, .unit = 2, .subject = 3, .category = "address", .form = "mask"};
}

TEST(UnitTest, OpensWhatItSealed) {
  for (const size_t size : {0, 1, 251, 252, 253, 508, 509, 100000}) {
    const std::string text(size, 'u');
    const auto sealed = SealUnit(Key(), Label(), text);
    ASSERT_OK(sealed);
    EXPECT_THAT(OpenUnit(Key(), Label(), *sealed), IsOkAndHolds(text));
  }
}

TEST(UnitTest, ShowsOnlyTheBucketsSize) {
  EXPECT_EQ(SizeBucket(0).value(), 256u);
  EXPECT_EQ(SizeBucket(252).value(), 256u);
  EXPECT_EQ(SizeBucket(253).value(), 512u);
  EXPECT_EQ(SizeBucket(kLargestBucket - 4).value(), kLargestBucket);
  EXPECT_THAT(SizeBucket(kLargestBucket - 3), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(SealUnit(Key(), Label(), "short")->size(), SealUnit(Key(), Label(), std::string(200, 'l'))->size());
}

TEST(UnitTest, BindsEveryPartOfTheLabel) {
  const std::string sealed = SealUnit(Key(), Label(), "text").value();
  const std::vector<std::function<void(UnitLabel&)>> changes = {
      [](UnitLabel& l) { l.share_id = "other"; }, [](UnitLabel& l) { l.version = 2; },
      [](UnitLabel& l) { l.unit = 3; },           [](UnitLabel& l) { l.subject = 4; },
      [](UnitLabel& l) { l.category = "names"; }, [](UnitLabel& l) { l.form = "full"; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    UnitLabel label = Label();
    changes[i](label);
    EXPECT_THAT(OpenUnit(Key(), label, sealed), StatusIs(absl::StatusCode::kDataLoss)) << i;
  }
  EXPECT_THAT(OpenUnit(Key('o'), Label(), sealed), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(UnitTest, CommitsToTheKey) {
  EXPECT_EQ(KeyCommitment(Key()), KeyCommitment(Key()));
  EXPECT_NE(KeyCommitment(Key()), KeyCommitment(Key('o')));
}

}  // namespace
}  // namespace derwent::agents
