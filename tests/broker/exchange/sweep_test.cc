#include "broker/exchange/upkeep/sweep.h"

#include "broker/exchange/governance/archive.h"
#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/ledger/erasure.h"
#include "tests/broker/exchange/exchange_fixture.h"

namespace derwent::exchange {
namespace {

class SweepTest : public ExchangeTest {
 protected:
  void SweepAt(absl::Duration later) {
    now_ += later;
    ASSERT_OK(Run(Sweep));
  }
};

TEST_F(SweepTest, NothingHappensBeforeADeadline) {
  ASSERT_OK(Submit(Share()));
  SweepAt(absl::Hours(71));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_WAITING);
  EXPECT_EQ(EntriesOf(kSender, "expiry"), 0u);
}

TEST_F(SweepTest, AnUncollectedShareExpiresIsEnteredAndItsSenderTold) {
  ASSERT_OK(Submit(Share()));
  SweepAt(absl::Hours(73));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_EXPIRED);
  EXPECT_EQ(EntriesOf(kSender, "expiry"), 1u);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
  const auto told = CollectAs(kSender);
  ASSERT_EQ(told->deliveries_size(), 1);
  EXPECT_EQ(told->deliveries(0).notice().kind(), v1::BROKER_NOTICE_KIND_EXPIRED);
  SweepAt(absl::Hours(1));
  EXPECT_EQ(EntriesOf(kSender, "expiry"), 1u) << "once";
}

TEST_F(SweepTest, AnOverdueAcceptanceIsEscalatedOnceToBothSidesNamingTheRole) {
  HandOver();
  ASSERT_EQ(CollectAs(kSender)->deliveries_size(), 1);
  SweepAt(absl::Hours(73));
  SweepAt(absl::Seconds(1));
  EXPECT_EQ(EntriesOf(kRecipient, "acceptance_overdue"), 1u);
  const auto told = CollectAs(kRecipient);
  ASSERT_EQ(told->deliveries_size(), 1);
  EXPECT_EQ(told->deliveries(0).notice().kind(), v1::BROKER_NOTICE_KIND_ACCEPTANCE_OVERDUE);
  EXPECT_EQ(told->deliveries(0).notice().escalate_to_role(), "spoc");
  EXPECT_EQ(CollectAs(kSender)->deliveries_size(), 2) << "acknowledgement and notice";
}

TEST_F(SweepTest, TheFirstRefusedCallIsEnteredAtOnceAndItsRepeatsAsOne) {
  const auto refused = [&] {
    return Run(
        [&](Batch& batch) { return EnterRefusedCall(AgentOf(kStranger), "Collect", "ROLE_NOT_ENTITLED", batch); });
  };
  for (int i = 0; i < 5; ++i) ASSERT_OK(refused());
  EXPECT_EQ(EntriesOf(kStranger, "refused_call"), 1u);
  SweepAt(absl::Seconds(61));
  EXPECT_EQ(EntriesOf(kStranger, "refused_call"), 2u);
  SweepAt(absl::Seconds(61));
  EXPECT_EQ(EntriesOf(kStranger, "refused_call"), 2u);
}

TEST_F(SweepTest, ARefusalAfterItsMinuteLosesNoRepeatsThatNoSweepHasSeen) {
  const auto refused = [&] {
    return Run(
        [&](Batch& batch) { return EnterRefusedCall(AgentOf(kStranger), "Collect", "ROLE_NOT_ENTITLED", batch); });
  };
  for (int i = 0; i < 3; ++i) ASSERT_OK(refused());
  now_ += absl::Seconds(61);
  ASSERT_OK(refused());
  EXPECT_EQ(EntriesOf(kStranger, "refused_call"), 3u) << "the first, its two repeats, and the new one";
}

TEST_F(SweepTest, EveryPersonsRefusalIsEntered) {
  for (const char* const person : {"p-1", "p-2"}) {
    Caller caller = AgentOf(kStranger);
    caller.id.kind = trust::CallerKind::kPerson;
    caller.id.name = person;
    ASSERT_OK(Run([&](Batch& batch) { return EnterRefusedCall(caller, "OpenCase", "ROLE_NOT_ENTITLED", batch); }));
  }
  EXPECT_EQ(EntriesOf(kStranger, "refused_call"), 2u);
}

TEST_F(SweepTest, APolicyIsEnteredOnceADigest) {
  const uint64_t before = log_->size();
  ASSERT_OK(Run(EnterPolicy));
  ASSERT_OK(Run(EnterPolicy));
  EXPECT_EQ(log_->size(), before + 1);
}

TEST_F(SweepTest, WhatIsDueToBeErasedIsErasedInPartsUntilNoneIsLeft) {
  const std::vector<ledger::EntryDraft> old(600, ledger::EntryDraft("read", ledger::Actor::kReleasing));
  ASSERT_OK(Run([&](Batch& batch) { return batch.Append(old).status(); }));
  const auto tidy = [&] {
    bool more = false;
    EXPECT_OK(Run([&](Batch& batch) {
      const absl::Status done = Tidy(batch);
      more = batch.more_due;
      return done;
    }));
    return more;
  };
  EXPECT_FALSE(tidy()) << "nothing is old";
  now_ += absl::Hours(24 * 366 * 7) + absl::Seconds(17);  // At whatever second.
  int parts = 1;
  while (tidy() && parts < 10) ++parts;
  // Three of what is due; then the longer retention goes past it, for what was erased has no time of its own any more.
  EXPECT_EQ(parts, 5);
  const auto packed = [&](uint64_t index) {
    return ledger::PackedEntry::Decode(store_->Read().value()->FindEntry(index).value()->packed).value();
  };
  EXPECT_TRUE(ledger::ErasedOf(packed(599)).all());
}

TEST_F(SweepTest, WhatComesIntoForceIsArchivedAtOnce) {
  policy::Bundle next;
  next.policy_digest = std::string(32, 'n');
  next.governance_digest = std::string(32, 'g');
  next.files = {{"MANIFEST", "of the next"}};
  ASSERT_OK(Run([&](Batch& batch) { return EnterInForce(next, batch); }));
  const auto kept = FindBundle(PolicyInForce(next), *store_->Read().value());
  ASSERT_OK(kept);
  EXPECT_EQ(*kept, std::optional<policy::Files>(next.files));
}

TEST_F(SweepTest, AShareThatWasCollectedAndNotAcknowledgedIsNotCalledUncollected) {
  ASSERT_OK(Submit(Share()));
  ASSERT_EQ(CollectAs(kRecipient)->deliveries_size(), 1);
  SweepAt(absl::Hours(73));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_COLLECTED);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0) << "the payload is gone";
  const auto told = CollectAs(kSender);
  ASSERT_EQ(told->deliveries_size(), 1);
  EXPECT_EQ(told->deliveries(0).notice().reason(), "NOT_ACKNOWLEDGED");
  v1::WithdrawReferralResponse withdrawn;
  ASSERT_OK(Run([&](Batch& batch) { return WithdrawReferral(AgentOf(kSender), Withdrawal(1), withdrawn, batch); }));
  EXPECT_THAT(withdrawn.told_agencies(), ::testing::ElementsAre(kRecipient));
}

}  // namespace
}  // namespace derwent::exchange
