#include "agents/cli/terminal/suggest.h"

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using ::testing::HasSubstr;

TEST(SuggestTest, FindsTheNearestByEditsAndSwaps) {
  EXPECT_EQ(Nearest("legder", {"audit", "ledger"}), "ledger");
  EXPECT_EQ(Nearest("serach", {"show", "search"}), "search");
}

TEST(SuggestTest, SuggestsNothingThatIsFarAway) {
  EXPECT_EQ(Nearest("frobnicate", {"audit", "ledger"}), std::nullopt);
  EXPECT_EQ(Nearest("x", {"key"}), std::nullopt);
  EXPECT_EQ(Nearest(std::string(1000, 'a'), {"audit"}), std::nullopt);
}

class TypoTest : public ::testing::Test {
 protected:
  TypoTest() {
    app_.add_option("--config", text_);
    CLI::App* const ledger = app_.add_subcommand("ledger");
    CLI::App* const verify = ledger->add_subcommand("verify");
    verify->add_option("--since", text_);
  }
  std::string text_;
  CLI::App app_{"", "derwent"};
};

TEST_F(TypoTest, NamesTheCommandAndWhatWasMeant) {
  EXPECT_EQ(ExplainTypo(app_, {"legder", "verify"}), "`legder` is no command of `derwent`; did you mean `ledger`?");
  EXPECT_EQ(ExplainTypo(app_, {"ledger", "verfy"}),
            "`verfy` is no command of `derwent ledger`; did you mean `verify`?");
}

TEST_F(TypoTest, NamesTheOptionAndWhatWasMeant) {
  EXPECT_THAT(ExplainTypo(app_, {"ledger", "verify", "--sicne=x"}), HasSubstr("did you mean `--since`?"));
}

TEST_F(TypoTest, AnOptionsValueIsNoCommand) {
  EXPECT_EQ(ExplainTypo(app_, {"--config", "legder", "ledger", "verify", "--since", "verfy"}), "");
}

}  // namespace
}  // namespace derwent::cli
