// The table of who may open which field, cell by cell, in what a search tells and in what its receipt proves.
#include <algorithm>
#include <set>

#include "broker/ledger/search.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/entry/opening.h"

namespace derwent::ledger {
namespace {

// Who looks, and by which entry: 0 is a referral of police to fire, 1 a request of fire to police about a person that
// fire named.
struct Looker {
  const char* name;
  store::EntryQuery rows;
  uint64_t index;
  // The fields opened to it. 6 is the supplier's, 19 the holder's.
  std::set<int> opens;

  friend void PrintTo(const Looker& looker, std::ostream* out) { *out << looker.name; }
};

std::vector<Looker> Lookers() {
  const std::set<int> both = {1, 2, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20};
  const auto with = [&both](std::initializer_list<int> more) {
    std::set<int> opens = both;
    opens.insert(more);
    return opens;
  };
  return {
      {"TheSenderWhoSuppliedTheTags", {.viewer_agency = "police.derbys"}, 0, with({3, 6, 19})},
      {"TheReceiver", {.viewer_agency = "dfrs"}, 0, with({5})},
      {"AThirdAgency", {.viewer_agency = "cbc"}, 0, {}},
      {"AnAuditor", {.every_agency = true}, 0, {1, 8, 9, 14}},
      {"TheHolderOfWhatWasAsked", {.viewer_agency = "police.derbys"}, 1, with({3, 19})},
      {"TheAskerWhoSuppliedTheTags", {.viewer_agency = "dfrs"}, 1, with({5, 6})},
      {"AThirdAgencyOfARequest", {.viewer_agency = "cbc"}, 1, {}},
      {"AnAuditorOfARequest", {.every_agency = true}, 1, {1, 8, 9, 14}},
  };
}

class OpenedTest : public LedgerTest, public ::testing::WithParamInterface<Looker> {};

TEST_P(OpenedTest, OpensEachFieldToWhomTheTableSaysAndProvesNoMore) {
  const Looker& looker = GetParam();
  EntryDraft request = Referral(1);
  request.SetSupplier(Side::kReceiving);
  Commit({Referral(0), request});
  SearchQuery query{.rows = looker.rows};
  query.rows.from_index = looker.index;
  query.rows.limit = 1;
  const auto entries = Search(*store_->Read().value(), query)->entries;
  ASSERT_EQ(entries.size(), looker.opens.empty() ? 0u : 1u);
  if (entries.empty()) return;
  const auto receipt = trust::VerifyReceipt(entries[0].receipt, log_->vkey(), kOrigin);
  ASSERT_OK(receipt);
  for (int number = 1; number <= trust::kFieldCount; ++number) {
    const bool told =
        std::ranges::any_of(entries[0].fields, [&](const OpenedField& field) { return field.number == number; });
    const bool proven = receipt->opening.Value(static_cast<trust::Field>(number)) != nullptr;
    EXPECT_EQ(told, looker.opens.contains(number)) << "field " << number;
    EXPECT_EQ(proven, looker.opens.contains(number)) << "field " << number << " in the receipt";
  }
}

INSTANTIATE_TEST_SUITE_P(EveryCell, OpenedTest, ::testing::ValuesIn(Lookers()),
                         [](const ::testing::TestParamInfo<Looker>& looker) { return looker.param.name; });

}  // namespace
}  // namespace derwent::ledger
