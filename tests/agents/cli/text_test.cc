#include "agents/cli/terminal/text.h"

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

TEST(TextTest, ANoteOfAnotherAgencyCannotDriveTheTerminal) {
  EXPECT_EQ(SafeText("a\x1b[31mb\nc\x7f"), "a?[31mb?c?");
  EXPECT_EQ(SafeText("\xe2\x80\xaetxt"), "?txt") << "right-to-left override";
  EXPECT_EQ(SafeText("\xc2\x9b"), "?") << "C1 control sequence introducer";
}

TEST(TextTest, KeepsWhatPeopleWriteAndReplacesWhatIsNotUtf8) {
  EXPECT_EQ(SafeText("Zoë – ok"), "Zoë – ok");
  EXPECT_EQ(SafeText("a\xff\xc3"), "a??");
  EXPECT_EQ(SafeText("\xed\xa0\x80"), "???") << "a lone surrogate";
}

TEST(TextTest, CountsAColumnACodePoint) { EXPECT_EQ(Width("Zoë"), 3u); }

TEST(TextTest, JsonEscapesQuotesControlsAndBrokenOctets) {
  EXPECT_EQ(JsonText("a\"b\\\n\xff"), R"("a\"b\\\u000a\ufffd")");
}

TEST(TextTest, TimesAreInstantsInUtcAndOtherTextStays) {
  EXPECT_EQ(TimeText("1795536292272"), "2026-11-24T16:04:52.272Z");
  EXPECT_EQ(TimeText("soon"), "soon");
}

TEST(TextTest, OctetsAreHexUnlessTheyAreLinesOfAscii) {
  EXPECT_EQ(OctetsText("a b\n"), "a b\n");
  EXPECT_EQ(OctetsText(std::string("\0\xff", 2)), "00ff");
}

}  // namespace
}  // namespace derwent::cli
