#include "trust/base/utf8.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace derwent {
namespace {

TEST(Utf8Test, TakesCodePointsOfEverySize) {
  absl::string_view rest = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x91\xA4";
  EXPECT_EQ(TakeCodePoint(rest), 0x61);
  EXPECT_EQ(TakeCodePoint(rest), 0xE9);
  EXPECT_EQ(TakeCodePoint(rest), 0x20AC);
  EXPECT_EQ(TakeCodePoint(rest), 0x1F464);
  EXPECT_EQ(rest, "");
}

TEST(Utf8Test, TakesOneOctetOfWhatIsMalformed) {
  absl::string_view rest = "\xE2\x82z";
  EXPECT_EQ(TakeCodePoint(rest), std::nullopt);
  EXPECT_EQ(rest, "\x82z");
}

struct Case {
  const char* name;
  std::string text;
  bool want;
};

class IsUtf8Test : public testing::TestWithParam<Case> {};

TEST_P(IsUtf8Test, FollowsTheTableOfWellFormedSequences) { EXPECT_EQ(IsUtf8(GetParam().text), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(All, IsUtf8Test,
                         testing::Values(Case{.name = "Empty", .text = "", .want = true},
                                         Case{.name = "LastBeforeSurrogates", .text = "\xED\x9F\xBF", .want = true},
                                         Case{.name = "Surrogate", .text = "\xED\xA0\x80", .want = false},
                                         Case{.name = "OverlongTwo", .text = "\xC1\xBF", .want = false},
                                         Case{.name = "OverlongThree", .text = "\xE0\x9F\xBF", .want = false},
                                         Case{.name = "OverlongFour", .text = "\xF0\x8F\xBF\xBF", .want = false},
                                         Case{.name = "Last", .text = "\xF4\x8F\xBF\xBF", .want = true},
                                         Case{.name = "PastTheLast", .text = "\xF4\x90\x80\x80", .want = false},
                                         Case{.name = "CutShort", .text = "\xF0\x9F\x91", .want = false},
                                         Case{.name = "LoneContinuation", .text = "\x80", .want = false}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace derwent
