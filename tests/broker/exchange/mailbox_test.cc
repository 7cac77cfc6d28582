#include "broker/exchange/mailbox/mailbox.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/stored.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "tests/broker/witness/witness_fixture.h"

namespace derwent::exchange {
namespace {

class MailboxTest : public ExchangeTest {
 protected:
  void SetUp() override { ASSERT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED); }
  absl::Status Acknowledged(const v1::AcknowledgeRequest& request, v1::AcknowledgeResponse& response,
                            const std::string& agency = kRecipient) {
    return Run([&](Batch& batch) { return Acknowledge(AgentOf(agency), request, response, batch); });
  }
};

TEST_F(MailboxTest, ACollectedPackageIsEnteredAndMarkedCollected) {
  const auto collected = CollectAs(kRecipient);
  ASSERT_OK(collected);
  ASSERT_EQ(collected->deliveries_size(), 1);
  EXPECT_FALSE(collected->deliveries(0).repeated_delivery());
  EXPECT_EQ(collected->deliveries(0).package().units_size(), 2);
  EXPECT_EQ(collected->deliveries(0).receipts_size(), 2) << "of the referral and of this collection";
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_COLLECTED);
  EXPECT_EQ(EntriesOf(kSender, "collection"), 1u);
}

TEST_F(MailboxTest, CollectedAgainItHasTheSameIdAndSaysSo) {
  const auto first = CollectAs(kRecipient);
  const auto again = CollectAs(kRecipient);
  ASSERT_EQ(again->deliveries_size(), 1);
  EXPECT_TRUE(again->deliveries(0).repeated_delivery());
  EXPECT_EQ(first->deliveries(0).delivery_id(), again->deliveries(0).delivery_id());
}

TEST_F(MailboxTest, NobodyElseCollectsOrAcknowledgesIt) {
  EXPECT_EQ(CollectAs(kStranger)->deliveries_size(), 0);
  EXPECT_EQ(CollectAs(kSender)->deliveries_size(), 0);
  const auto collected = CollectAs(kRecipient);
  v1::AcknowledgeResponse response;
  EXPECT_EQ(ReasonOf(Acknowledged(Acknowledgement(collected->deliveries(0)), response, kStranger)), "DELIVERY_UNKNOWN");
}

TEST_F(MailboxTest, APackageThatNoLongerPassesIsHeldAndItsSenderTold) {
  for (policy::Agreement& agreement : policy().agreements)
    agreement.notices.push_back({.from = absl::CivilDay(2026, 1, 1)});
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_HELD);
  EXPECT_EQ(EntriesOf(kSender, "held"), 1u);
  const auto told = CollectAs(kSender);
  ASSERT_EQ(told->deliveries_size(), 1);
  EXPECT_EQ(told->deliveries(0).notice().kind(), v1::BROKER_NOTICE_KIND_HELD);
}

TEST_F(MailboxTest, APackageOfAPersonWhoLeftIsHeld) {
  world().directories[kSender].people.clear();
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_HELD);
}

TEST_F(MailboxTest, ASenderWithoutKeysSendsNothingMore) {
  world().keys.erase(kSender);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_HELD);
}

TEST_F(MailboxTest, WhatIsSealedToAKeyThatWasRevokedSinceIsHeld) {
  const trust::AgencyKey* const key = world().KeysOf(kRecipient)->Current(trust::KeyUse::kSealing, now_);
  ASSERT_NE(key, nullptr);
  auto revoked = std::make_shared<trust::RevocationSet>(*world().revoked);
  revoked->Revoke(key->certificate.serial());
  world().revoked = revoked;
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_HELD);
}

TEST_F(MailboxTest, AnAcknowledgementEndsTheDeliveryAndReachesTheSender) {
  const auto collected = CollectAs(kRecipient);
  v1::AcknowledgeResponse response;
  ASSERT_OK(Acknowledged(Acknowledgement(collected->deliveries(0)), response));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_ACKNOWLEDGED);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0) << "the payload is gone";
  const auto told = CollectAs(kSender);
  ASSERT_EQ(told->deliveries_size(), 1);
  v1::Acknowledgement message;
  ASSERT_TRUE(message.ParseFromString(told->deliveries(0).message().payload()));
  EXPECT_EQ(message.head().share_id(), kShareId);
}

TEST_F(MailboxTest, AnAcknowledgementAgainGetsTheFirstAnswer) {
  const auto collected = CollectAs(kRecipient);
  v1::AcknowledgeResponse first;
  v1::AcknowledgeResponse again;
  ASSERT_OK(Acknowledged(Acknowledgement(collected->deliveries(0)), first));
  ASSERT_OK(Acknowledged(Acknowledgement(collected->deliveries(0)), again));
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(CollectAs(kSender)->deliveries_size(), 1);
}

TEST_F(MailboxTest, AnAcknowledgementOfAnotherManifestIsRejected) {
  const auto collected = CollectAs(kRecipient);
  v1::Delivery other = collected->deliveries(0);
  other.mutable_package()->mutable_manifest()->set_payload("another");
  v1::AcknowledgeResponse response;
  EXPECT_EQ(ReasonOf(Acknowledged(Acknowledgement(other), response)), "PAYLOAD_REJECTED");
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_COLLECTED);
}

TEST_F(MailboxTest, WhatWasNotCollectedIsNotAcknowledged) {
  v1::Delivery delivery;
  const auto rows = store_->Read().value()->NextDeliveries(kRecipient, now_, 1).value();
  delivery.set_delivery_id(rows.front().delivery_id);
  v1::AcknowledgeResponse response;
  EXPECT_EQ(ReasonOf(Acknowledged(Acknowledgement(delivery), response)), "DELIVERY_NOT_COLLECTED");
}

TEST_F(MailboxTest, APageOfHeldPackagesDoesNotHideWhatLiesBehindIt) {
  const auto notice = [&](Batch& batch) -> absl::Status {
    const auto stored = LoadPart({.share_id = kShareId, .recipient_agency = kRecipient}, batch);
    return DeliverNotice(kRecipient, v1::BROKER_NOTICE_KIND_ACCEPTANCE_OVERDUE, *stored, "OVERDUE", "spoc", {}, batch);
  };
  ASSERT_OK(Run(notice));
  world().directories[kSender].people.clear();
  const auto collected = CollectAs(kRecipient, 1);
  ASSERT_EQ(collected->deliveries_size(), 1);
  EXPECT_TRUE(collected->deliveries(0).has_notice());
}

// Nobody has cosigned anything for an hour.
class UnwitnessedMailboxTest : public MailboxTest {
 protected:
  void SetUp() override {
    MailboxTest::SetUp();
    world().quorum = std::make_shared<const witness::Quorum>(
        witness::Quorum::Make(witness::PolicyText(witness::kTwoOfThree), witness::LogKey(), "host", {}).value());
    now_ += absl::Hours(1);
  }
};

TEST_F(UnwitnessedMailboxTest, APackageWaitsAndWhatLiesBehindItArrives) {
  ASSERT_OK(Run([&](Batch& batch) -> absl::Status {
    const auto stored = LoadPart({.share_id = kShareId, .recipient_agency = kRecipient}, batch);
    return DeliverNotice(kRecipient, v1::BROKER_NOTICE_KIND_ACCEPTANCE_OVERDUE, *stored, "OVERDUE", "spoc", {}, batch);
  }));
  const auto collected = CollectAs(kRecipient, 1);
  ASSERT_OK(collected);
  ASSERT_EQ(collected->deliveries_size(), 1);
  EXPECT_TRUE(collected->deliveries(0).has_notice());
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_WAITING);
}

TEST_F(UnwitnessedMailboxTest, WhoHasNothingButAPackageIsToldWhyAndWhoHasNothingIsNot) {
  EXPECT_EQ(ReasonOf(CollectAs(kRecipient).status()), "LEDGER_NOT_WITNESSED");
  EXPECT_OK(CollectAs(kStranger));
  world().quorum = nullptr;
  EXPECT_TRUE(CollectAs(kRecipient)->deliveries(0).has_package());
}

}  // namespace
}  // namespace derwent::exchange
