#include "broker/ledger/search.h"

#include "tests/broker/ledger/ledger_fixture.h"

namespace derwent::ledger {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Eight referrals a second apart; every third one is a read of probation's.
class SearchTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    for (int i = 0; i < 8; ++i) {
      if (i % 3 == 2) {
        Commit({EntryDraft("read", Actor::kReceiving).SetReceiving("probation.em", "p-1")}, TestTime(i * 1'000));
      } else {
        Commit({Referral(i)}, TestTime(i * 1'000));
      }
    }
  }

  std::vector<uint64_t> Find(store::EntryQuery rows) { return Ask({.rows = std::move(rows)}); }
  std::vector<uint64_t> Ask(SearchQuery query) {
    if (query.rows.viewer_agency.empty() && !query.rows.every_agency) query.rows.viewer_agency = "dfrs";
    std::vector<uint64_t> indexes;
    const SearchPage page = Search(*store_->Read().value(), query).value();
    for (const OpenedEntry& entry : page.entries) indexes.push_back(entry.index);
    return indexes;
  }
};

TEST_F(SearchTest, FindsOnlyWhatTheAgencyIsPartyTo) {
  EXPECT_THAT(Find({}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Find({.viewer_agency = "probation.em"}), ElementsAre(2, 5));
  EXPECT_THAT(Find({.viewer_agency = "cbc"}), IsEmpty());
}

TEST_F(SearchTest, TakesATimeRangeWithoutItsEnd) {
  EXPECT_THAT(Find({.start = TestTime(1'000), .end = TestTime(6'000)}), ElementsAre(1, 3, 4));
  EXPECT_THAT(Find({.start = TestTime(7'001)}), IsEmpty());
}

TEST_F(SearchTest, TakesEachConditionAlone) {
  EXPECT_THAT(Find({.other_agency = "police.derbys"}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Find({.other_agency = "cbc"}), IsEmpty());
  EXPECT_THAT(Find({.board = "tb.other"}), IsEmpty());
  EXPECT_THAT(Find({.purpose = "case.fire_safety", .limit = 1}), ElementsAre(0));
  EXPECT_THAT(Find({.outcome = "DENY"}), IsEmpty());
  EXPECT_THAT(Find({.share_id = "00000000-0000-4000-8000-000000000004"}), ElementsAre(4));
  EXPECT_THAT(Find({.step = "referral", .reason = "NOT_NECESSARY", .limit = 2}), ElementsAre(0, 1));
  EXPECT_THAT(Find({.reason = "NOT"}), IsEmpty());
}

TEST_F(SearchTest, FindsAPersonByAnyOfTheTags) {
  EXPECT_THAT(Find({.viewer_agency = "police.derbys", .tags = {TestTag(4), TestTag(99)}}), ElementsAre(3, 4));
  EXPECT_THAT(Find({.viewer_agency = "probation.em", .tags = {TestTag(4)}}), IsEmpty());
}

TEST_F(SearchTest, DoesNotConfirmAPersonToARecipient) {
  EXPECT_THAT(Find({.viewer_agency = "dfrs", .tags = {TestTag(4)}}), IsEmpty());
}

TEST_F(SearchTest, FindsOnesOwnReadsOfAPerson) {
  Commit({EntryDraft("read", Actor::kReceiving).SetReceiving("cbc", "p-2").SetSubject(1, "", {TestTag(50)})},
         TestTime(9'000));
  EXPECT_THAT(Find({.viewer_agency = "cbc", .tags = {TestTag(50)}}), ElementsAre(8));
}

TEST_F(SearchTest, FindsARequestForTheAskerWhoNamedThePersonAndNotForTheHolder) {
  EntryDraft request("request", Actor::kReceiving);
  request.SetReleasing("police.derbys", "")
      .SetReceiving("cbc", "p-2")
      .SetSubject(1, "victim", {TestTag(50)})
      .SetSupplier(Side::kReceiving);
  Commit({request}, TestTime(9'000));
  EXPECT_THAT(Find({.viewer_agency = "cbc", .tags = {TestTag(50)}}), ElementsAre(8));
  EXPECT_THAT(Find({.viewer_agency = "police.derbys", .tags = {TestTag(50)}}), IsEmpty());
  const auto holders = OpenEntry(*store_->Read().value(), 8, "police.derbys").value();
  for (const OpenedField& field : holders.fields) EXPECT_NE(field.name, "subject_tags");
}

TEST_F(SearchTest, HoldsAllConditionsAtOnce) {
  EXPECT_THAT(
      Find({.viewer_agency = "police.derbys", .start = TestTime(3'500), .board = "tb.dasv", .tags = {TestTag(4)}}),
      ElementsAre(4));
}

TEST_F(SearchTest, PagesInLedgerOrderWithoutGapOrRepeat) {
  std::vector<uint64_t> all;
  uint64_t from = 0;
  while (true) {
    const std::vector<uint64_t> page = Find({.from_index = from, .limit = 2});
    if (page.empty()) break;
    all.insert(all.end(), page.begin(), page.end());
    from = page.back() + 1;
  }
  EXPECT_THAT(all, ElementsAre(0, 1, 3, 4, 6, 7));
}

TEST_F(SearchTest, OpensWhatItFinds) {
  const auto found = Search(*store_->Read().value(), {.rows = {.viewer_agency = "dfrs", .limit = 1}})->entries;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fields.front().name, "time");
  EXPECT_EQ(found[0].fields.front().value, "1790000000000");
}

TEST_F(SearchTest, FindsWhoActedForTheOwnSideOnly) {
  EXPECT_THAT(Ask({.rows = {.viewer_agency = "police.derbys"}, .person = "p-17"}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Ask({.rows = {.viewer_agency = "dfrs"}, .person = "t-3"}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Ask({.rows = {.viewer_agency = "dfrs"}, .person = "p-17"}), IsEmpty());
  EXPECT_THAT(Ask({.rows = {.viewer_agency = "police.derbys"}, .person = "t-3"}), IsEmpty());
}

TEST_F(SearchTest, FindsACategoryAndAnAgreementAsTheEntryNamesThem) {
  EXPECT_THAT(Ask({.category = "address"}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Ask({.category = "addres"}), IsEmpty());
  EXPECT_THAT(Ask({.agreement = "agr-fire"}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Ask({.agreement = "agr"}), IsEmpty());
  EXPECT_THAT(Ask({.rows = {.share_id = "00000000-0000-4000-8000-000000000004"}, .category = "identity"}),
              ElementsAre(4));
}

TEST_F(SearchTest, ShowsRefusalsAndWhatNobodyAnswered) {
  const auto step = [](const char* name, const char* outcome) {
    EntryDraft draft(name, Actor::kBroker);
    draft.SetReceiving("dfrs", "").SetOutcome(outcome, {}, trust::Sha256("policy"), trust::Sha256("registers"));
    return draft;
  };
  Commit({step("referral", "DENY"), step("referral", "PERMIT"), step("expiry", "PERMIT"), step("refused_call", "DENY")},
         TestTime(9'000));
  EXPECT_THAT(Ask({.view = View::kRefusals}), ElementsAre(8, 10, 11));
}

TEST_F(SearchTest, ShowsWhoLooked) {
  EXPECT_THAT(Ask({.rows = {.viewer_agency = "probation.em"}, .view = View::kLooks}), ElementsAre(2, 5));
  EXPECT_THAT(Ask({.view = View::kLooks}), IsEmpty());
}

TEST_F(SearchTest, GoesThroughABoundedNumberAPageAndSaysWhereItIs) {
  SearchQuery query{.rows = {.viewer_agency = "dfrs"}, .agreement = "none", .most_examined = 2};
  std::vector<uint64_t> ends;
  for (bool last = false; !last; query.rows.from_index = ends.back()) {
    const SearchPage page = Search(*store_->Read().value(), query).value();
    EXPECT_THAT(page.entries, IsEmpty());
    last = page.last;
    ends.push_back(page.next);
  }
  EXPECT_THAT(ends, ElementsAre(3, 6, 8));
}

TEST_F(SearchTest, SaysWhichPageIsTheLast) {
  SearchQuery query{.rows = {.viewer_agency = "dfrs", .before_index = 4, .limit = 3}};
  const SearchPage page = Search(*store_->Read().value(), query).value();
  EXPECT_EQ(page.entries.size(), 3u);
  EXPECT_TRUE(page.last);
}

TEST_F(SearchTest, AnAuditorSeesEveryAgencysEntriesAndOnlyTheirMetadata) {
  const SearchPage page = Search(*store_->Read().value(), {.rows = {.every_agency = true, .limit = 3}}).value();
  ASSERT_EQ(page.entries.size(), 3u);
  EXPECT_EQ(page.entries[2].index, 2u) << "probation's own look";
  std::vector<int> numbers;
  for (const OpenedField& field : page.entries[0].fields) numbers.push_back(field.number);
  EXPECT_THAT(numbers, ElementsAre(1, 8, 9, 14));
  EXPECT_THAT(Ask({.rows = {.every_agency = true}, .category = "address"}), ElementsAre(0, 1, 3, 4, 6, 7));
  EXPECT_THAT(Ask({.rows = {.every_agency = true}, .person = "p-17"}), IsEmpty());
}

}  // namespace
}  // namespace derwent::ledger
