#include "broker/exchange/registers/index_keys.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/officer/audit.h"
#include "broker/exchange/officer/search.h"
#include "broker/exchange/registers/registers.h"
#include "derwent/v1/register.pb.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

// The key of the subject index is followed by another one: nothing that rests on it is forgotten.

namespace derwent::exchange {
namespace {

constexpr char kSecondId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b40";

trust::SecretBytes Key(char c) { return trust::SecretBytes(std::string(32, c)); }

class IndexKeysTest : public ExchangeTest {
 protected:
  // From the fixture's key to another, the old one at hand or lost.
  void Rotate(bool overlap = true) {
    std::vector<trust::SecretBytes> earlier;
    if (overlap) earlier.push_back(Key('i'));
    tagger_ = std::make_unique<ledger::Tagger>(ledger::Tagger::Create(Key('j'), std::move(earlier)).value());
  }
  uint32_t Restrict() {
    v1::Restriction restriction;
    restriction.set_restriction_id(kRequestId);
    restriction.set_agency(kSender);
    restriction.set_action(v1::RESTRICTION_ACTION_RESTRICT);
    restriction.set_sequence(1);
    v1::ApplyRestrictionRequest request;
    request.set_request_id(FreshRequestId());
    *request.mutable_restriction() = Sign(kSender, trust::kRestrictionType, restriction);
    request.add_references(std::string(32, 'r'));
    v1::ApplyRestrictionResponse response;
    EXPECT_OK(Run([&](Batch& batch) { return ApplyRestriction(AgentOf(kSender), request, response, batch); }));
    return response.held_deliveries();
  }
  v1::SubmitReferralRequest Second() {
    v1::SubmitReferralRequest request = Share([](v1::Manifest& m, v1::SenderStatement&) { m.set_share_id(kSecondId); });
    request.set_request_id(kSecondId);
    return request;
  }
  // Entries about the subject.
  int Found() {
    v1::SearchLedgerEntriesRequest request;
    request.add_subject_references(std::string(32, 'r'));
    const auto search = CheckSearch(AgentOf(kSender), request, *tagger_, world(), now_);
    EXPECT_OK(search);
    const auto found = SearchLedgerEntries(*search, log_->size(), *store_->Read().value());
    EXPECT_OK(found);
    return found->entries_size();
  }
  // People of all the sender's entries, as a breach report counts them.
  uint64_t People() {
    v1::ReportBreachRequest request;
    *request.mutable_start_time() = trust::ToTimestamp(now_ - absl::Hours(24 * 365));
    const auto report =
        ReportBreach(CheckBreach(AgentOf(kSender), request).value(), log_->size(), *tagger_, *store_->Read().value());
    EXPECT_OK(report);
    return report->people();
  }
  absl::Status Enter(const std::vector<std::string>& ids) {
    return Run([&](Batch& batch) { return EnterIndexKeys(ids, batch); });
  }
};

TEST_F(IndexKeysTest, WhatAnEarlierKeysRestrictionStopsStaysStopped) {
  EXPECT_EQ(Restrict(), 0u);
  Rotate();
  const auto response = Submit(Share());
  ASSERT_OK(response);
  EXPECT_EQ(response->reason(), "SUBJECT_RESTRICTED");
}

TEST_F(IndexKeysTest, ARestrictionHoldsWhatWasStoredUnderAnEarlierKey) {
  ASSERT_OK(Submit(Share()));
  Rotate();
  EXPECT_EQ(Restrict(), 1u);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
}

TEST_F(IndexKeysTest, ASearchFindsEntriesOfEveryKey) {
  ASSERT_OK(Submit(Share()));
  Rotate();
  ASSERT_OK(Submit(Second()));
  EXPECT_EQ(Found(), 2);
  Rotate(/*overlap=*/false);
  EXPECT_EQ(Found(), 1) << "what the lost key tagged is found by it alone";
}

TEST_F(IndexKeysTest, WhoStandsUnderTwoKeysIsOnePersonInABreachReport) {
  ASSERT_OK(Submit(Share()));
  Rotate();
  ASSERT_OK(Submit(Second()));
  EXPECT_EQ(People(), 1u);
}

TEST(TaggerTest, AnEarlierKeyAloneOpensNothingOfWhatCameAfterIt) {
  const std::string reference(32, 'r');
  const auto key = [](char c) {
    std::vector<trust::SecretBytes> none;
    return ledger::Tagger::Create(Key(c), std::move(none)).value();
  };
  std::vector<trust::SecretBytes> earlier;
  earlier.push_back(Key('j'));
  earlier.push_back(Key('i'));
  const ledger::Tagger three = ledger::Tagger::Create(Key('k'), std::move(earlier)).value();
  const std::vector<std::string> entered = three.EnteredTags(reference).value();
  EXPECT_EQ(entered.size(), 3u);
  EXPECT_EQ(entered.front(), three.Tag(reference).value());
  for (const char lost : {'i', 'j'}) {
    EXPECT_THAT(entered, ::testing::Not(::testing::Contains(key(lost).Tag(reference).value())));
    const std::vector<std::string> links = three.LinksTo(key(lost).Tag(reference).value());
    EXPECT_THAT(links, ::testing::Contains(::testing::AnyOfArray(entered))) << lost;
  }
}

TEST_F(IndexKeysTest, AChangeIsEnteredOnceWithBothIds) {
  ASSERT_OK(Enter(tagger_->key_ids()));
  const uint64_t before = log_->size();
  ASSERT_OK(Enter(tagger_->key_ids()));
  EXPECT_EQ(log_->size(), before) << "the first key changes nothing";
  const std::string old = tagger_->key_ids().front();
  Rotate();
  ASSERT_OK(Enter(tagger_->key_ids()));
  ASSERT_OK(Enter(tagger_->key_ids()));
  EXPECT_EQ(log_->size(), before + 1);
}

TEST_F(IndexKeysTest, AKeyThatWasUsedMustBeAtHand) {
  ASSERT_OK(Enter(tagger_->key_ids()));
  const std::string old = tagger_->key_ids().front();
  Rotate(/*overlap=*/false);
  EXPECT_THAT(CheckIndexKeys(tagger_->key_ids(), *store_->Read().value()),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr(old)));
  EXPECT_EQ(Enter(tagger_->key_ids()).code(), absl::StatusCode::kFailedPrecondition);
  Rotate();
  EXPECT_OK(CheckIndexKeys(tagger_->key_ids(), *store_->Read().value()));
}

TEST(TaggerTest, TakesNoShortKeyAndNoneTwice) {
  std::vector<trust::SecretBytes> earlier;
  earlier.push_back(Key('i'));
  EXPECT_EQ(ledger::Tagger::Create(Key('i'), std::move(earlier)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger::Tagger::Create(trust::SecretBytes("short")).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace derwent::exchange
