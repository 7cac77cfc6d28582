#include "trust/note/add_checkpoint.h"

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "trust/base/encoding.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::SizeIs;

const std::string kHash = Base64Encode(std::string(32, 'h')) + "\n";  // NOLINT(cert-err58-cpp): a test's constant.

TEST(AddCheckpointTest, ReadsAndWritesTheSpecificationsForm) {
  const std::string text = absl::StrCat("old 20852014\n", kHash, kHash, "\n", "origin\n3\nroot\n\nsignature\n");
  const auto request = AddCheckpoint::Parse(text);
  ASSERT_OK(request);
  EXPECT_EQ(request->old_size, 20852014u);
  EXPECT_THAT(request->path, SizeIs(2));
  EXPECT_EQ(request->checkpoint, "origin\n3\nroot\n\nsignature\n");
  EXPECT_EQ(request->ToString(), text);
  EXPECT_THAT(AddCheckpoint::Parse("old 0\n\ncheckpoint")->path, SizeIs(0));
}

TEST(AddCheckpointTest, RefusesWhatIsNotExact) {
  std::string many = "old 1\n";
  for (int i = 0; i < 64; ++i) many += kHash;
  for (const std::string& text : std::vector<std::string>{
           "", "old 1", "old 1\n", "old 1\n" + kHash, "old\n\nc", "old -1\n\nc", "old +1\n\nc", "old 01\n\nc",
           "old 9223372036854775808\n\nc", "old 18446744073709551616\n\nc", "old 1 \n\nc", "Old 1\n\nc",
           "old 1\r\n\r\nc", "old 1\nAAAA\n\nc", "old 1\n" + Base64Encode(std::string(33, 'h')) + "\n\nc",
           "old 1\n" + kHash.substr(0, 42) + "9=\n\nc", many + "\nc"}) {
    EXPECT_THAT(AddCheckpoint::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace derwent::trust
