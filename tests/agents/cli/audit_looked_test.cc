#include "agents/cli/audit/audit_looked.h"

#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using ::derwent::testing::StatusIs;

constexpr char kKey[] = "0123456789abcdef";

// Two records of looks as they are asked from a page's moment on, each in its own order.
struct Records {
  std::vector<int64_t> ledger;
  std::vector<int64_t> agent;

  std::vector<Look> From(const LooksPage& page, size_t most) const {
    std::vector<Look> looks;
    for (const auto* record : {&ledger, &agent}) {
      size_t taken = 0;
      for (size_t i = 0; i < record->size() && taken < most; ++i) {
        if ((*record)[i] < page.from || (page.until > 0 && (*record)[i] >= page.until)) continue;
        looks.push_back({.millis = (*record)[i], .cells = {record == &ledger ? "ledger" : "agent", std::to_string(i)}});
        ++taken;
      }
    }
    return looks;
  }
};

// Every look, told in pages of that size.
std::vector<std::string> Told(const Records& records, size_t limit) {
  std::vector<std::string> told;
  LooksPage page{.from = 0, .skip = 0, .until = 100};
  for (bool more = true; more;) {
    page = LooksPage::Parse(page.ToString(kKey), kKey).value();
    std::vector<Look> looks = records.From(page, page.skip + limit + 1);
    more = page.Take(limit, looks);
    EXPECT_LE(looks.size(), limit);
    for (const Look& look : looks) told.push_back(look.cells[0] + look.cells[1]);
  }
  return told;
}

TEST(LooksPageTest, PagesOfAnySizeTellTheSameInOneOrder) {
  const Records records{.ledger = {5, 7, 7, 7, 9, 120}, .agent = {1, 7, 7, 8, 9, 9}};
  const std::vector<std::string> whole = Told(records, 50);
  EXPECT_EQ(whole, (std::vector<std::string>{"agent0", "ledger0", "ledger1", "ledger2", "ledger3", "agent1", "agent2",
                                             "agent3", "ledger4", "agent4", "agent5"}));
  for (size_t limit = 1; limit <= whole.size(); ++limit) EXPECT_EQ(Told(records, limit), whole) << limit;
}

TEST(LooksPageTest, IsOfOneListOnly) {
  const std::string page = LooksPage{.from = 7, .skip = 2, .until = 9}.ToString(kKey);
  EXPECT_OK(LooksPage::Parse(page, kKey));
  for (const std::string& text : {page + "0", std::string("7-2-9"), std::string("7-x-9-") + kKey})
    EXPECT_THAT(LooksPage::Parse(text, kKey), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  EXPECT_THAT(LooksPage::Parse(page, "fedcba9876543210"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::cli
