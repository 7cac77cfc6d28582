#include "broker/exchange/officer/search.h"

#include "broker/exchange/command/refusal.h"
#include "tests/broker/exchange/exchange_fixture.h"

namespace derwent::exchange {
namespace {

using testing::IsOk;

class LookTest : public ExchangeTest {
 protected:
  LookTest() {
    EXPECT_OK(Submit(Share()));
    HandOver();
  }

  absl::StatusOr<v1::SearchLedgerEntriesResponse> Search(const Caller& caller,
                                                         const v1::SearchLedgerEntriesRequest& request) {
    const absl::StatusOr<CheckedSearch> search = CheckSearch(caller, request, *tagger_, world(), now_);
    if (!search.ok()) return search.status();
    uint64_t entry = 0;
    const absl::Status entered = Run([&](Batch& batch) -> absl::Status {
      const absl::StatusOr<uint64_t> index = EnterPage(caller, search->look, search->token, batch);
      if (index.ok()) entry = *index;
      return index.status();
    });
    if (!entered.ok()) return entered;
    return SearchLedgerEntries(*search, entry, *store_->Read().value());
  }
  Caller Person(const std::string& role) {
    world().directories[kSender].people.push_back({.id = "p-" + role,
                                                   .roles = {{.role = role, .areas = {"E23000018"}}},
                                                   .training_until = absl::CivilDay(2027, 1, 1)});
    Caller caller = AgentOf(kSender);
    caller.id.kind = trust::CallerKind::kPerson;
    caller.id.name = "p-" + role;
    return caller;
  }
  std::vector<uint64_t> Indexes(const v1::SearchLedgerEntriesResponse& response) {
    std::vector<uint64_t> indexes;
    for (const v1::LedgerEntry& entry : response.entries()) indexes.push_back(entry.index());
    return indexes;
  }
};

TEST_F(LookTest, AQueryIsOneEntryWhateverItsPagesAndShowsTheLedgerAsItWasBefore) {
  const Caller dpo = Person("dpo");
  const size_t reads = EntriesOf(kSender, "read");
  v1::SearchLedgerEntriesRequest request;
  const auto whole = Search(dpo, request);
  ASSERT_OK(whole);
  EXPECT_EQ(EntriesOf(kSender, "read"), reads + 1);
  request.set_page_size(1);
  std::vector<uint64_t> paged;
  uint64_t query = 0;
  do {
    const auto page = Search(dpo, request);
    ASSERT_OK(page);
    for (const uint64_t index : Indexes(*page)) paged.push_back(index);
    query = page->query_receipt().index();
    EXPECT_EQ(page->size(), query);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(EntriesOf(kSender, "read"), reads + 2);
  std::vector<uint64_t> expected = Indexes(*whole);
  expected.push_back(whole->query_receipt().index());  // The first look is an entry too.
  EXPECT_EQ(paged, expected);
}

TEST_F(LookTest, ATokenIsGoodForItsOwnQueryAndCallerOnly) {
  const Caller dpo = Person("dpo");
  const Caller siro = Person("siro");
  v1::SearchLedgerEntriesRequest request;
  request.set_page_size(1);
  const auto first = Search(dpo, request);
  ASSERT_OK(first);
  request.set_page_token(first->next_page_token());
  EXPECT_OK(Search(dpo, request));
  EXPECT_EQ(ReasonOf(Search(siro, request).status()), "PAYLOAD_REJECTED");
  v1::SearchLedgerEntriesRequest another = request;
  another.set_board("marac");
  EXPECT_EQ(ReasonOf(Search(dpo, another).status()), "PAYLOAD_REJECTED");
  for (const char* token : {"0-0", "1", "x-1", "0-99999999"}) {
    request.set_page_token(token);
    EXPECT_EQ(ReasonOf(Search(dpo, request).status()), "PAYLOAD_REJECTED") << token;
  }
}

TEST_F(LookTest, ATokenIsGoodForAnHourAfterItsLookWasEntered) {
  const Caller dpo = Person("dpo");
  v1::SearchLedgerEntriesRequest request;
  request.set_page_size(1);
  const auto first = Search(dpo, request);
  ASSERT_OK(first);
  request.set_page_token(first->next_page_token());
  now_ += absl::Hours(1);
  EXPECT_OK(Search(dpo, request));
  now_ += absl::Seconds(1);
  EXPECT_EQ(ReasonOf(Search(dpo, request).status()), "PAYLOAD_REJECTED");
}

TEST_F(LookTest, AnAuditorOfMetadataSeesAllAgenciesAndMayNotAskByWhatItMayNotOpen) {
  const Caller auditor = Person("county_auditor");
  v1::SearchLedgerEntriesRequest request;
  EXPECT_EQ(ReasonOf(Search(auditor, request).status()), "ROLE_NOT_ENTITLED") << "not as its agency";
  request.set_as_auditor(true);
  const auto found = Search(auditor, request);
  ASSERT_OK(found);
  ASSERT_GT(found->entries_size(), 0);
  for (const v1::LedgerEntry& entry : found->entries()) {
    for (const v1::OpenedField& field : entry.fields())
      EXPECT_TRUE(field.number() == 1 || field.number() == 8 || field.number() == 9 || field.number() == 14);
  }
  EXPECT_EQ(ReasonOf(Search(Person("dpo"), request).status()), "ROLE_NOT_ENTITLED");
  EXPECT_EQ(ReasonOf(Search(AgentOf(kSender), request).status()), "ROLE_NOT_ENTITLED");
  request.set_agency(kRecipient);
  request.set_person("p-1");
  request.set_agreement("marac");
  request.set_share_id(kShareId);
  request.set_step("referral");
  request.set_view(v1::SEARCH_VIEW_LOOKS);
  request.add_subject_references(std::string(32, 'r'));
  EXPECT_EQ(Violations::Of(Search(auditor, request).status()).size(), 7u) << "all at once";
}

TEST_F(LookTest, WhatIsWrongIsSaidAllAtOnce) {
  v1::SearchLedgerEntriesRequest request;
  request.set_page_size(501);
  request.set_page_token("no token");
  request.add_subject_references("short");
  request.set_view(static_cast<v1::SearchView>(99));
  EXPECT_EQ(Violations::Of(Search(AgentOf(kSender), request).status()).size(), 4u);
}

}  // namespace
}  // namespace derwent::exchange
