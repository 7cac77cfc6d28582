#include "trust/identity/key_event.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/registers/registers.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

// An agency whose keys are published through the rule and read again from the store, as after every commit and restart.
class KeyEventTest : public ExchangeTest {
 protected:
  void SetUp() override {
    first_ = pki_.IssueFor(kStranger, "agent", "one");
    second_ = pki_.Issue("spiffe://derwent.example/agency/cbc/agent/one", 100 * kDay);
    world().anchors[kStranger] = first_.key_id;
    world().keys.erase(kStranger);
  }
  static trust::SigningKey KeyOf(const testing::TestIdentity& identity) {
    return trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value();
  }

  std::string Publish(uint32_t sequence, const testing::TestIdentity& published, const testing::TestIdentity& signer) {
    v1::PublishKeyEventRequest request;
    request.set_request_id(FreshRequestId());
    *request.mutable_event() =
        MakeKeyEvent(kStranger, sequence, published, previous_, now_, KeyOf(signer), /*signing=*/true);
    v1::PublishKeyEventResponse response;
    const absl::Status status =
        Run([&](Batch& batch) { return PublishKeyEvent(AgentOf(kStranger), request, response, batch); });
    if (!status.ok()) return ReasonOf(status);
    previous_ = trust::Sha256(request.event().payload()).bytes();
    Reload();
    return "";
  }
  void Reload() {
    const auto reader = store_->Read().value();
    const auto loaded = LoadRegisters(world(), *reader);
    ASSERT_OK(loaded);
    world().keys = (*loaded)->keys;
  }
  void Revoke(const std::string& serial) {
    world().revoked = std::make_shared<const trust::RevocationSet>(
        trust::RevocationSet::FromPem(pki_.Crl({serial}), *world().authority, now_).value());
  }
  // The key id that counts for signing now; empty: none.
  std::string Current() {
    const trust::KeyHistory* const keys = world().KeysOf(kStranger);
    const trust::AgencyKey* const key = keys == nullptr ? nullptr : keys->Current(trust::KeyUse::kSigning, now_);
    return key == nullptr ? "" : key->certificate.public_key().key_id();
  }

  testing::TestIdentity first_;
  testing::TestIdentity second_;
  std::string previous_;
};

TEST_F(KeyEventTest, OnlyTheKeyExchangedOutOfBandComesFirst) {
  EXPECT_EQ(Publish(1, second_, second_), "KEY_NOT_CERTIFIED");
  EXPECT_EQ(Publish(1, first_, first_), "");
  EXPECT_EQ(Current(), first_.key_id);
}

TEST_F(KeyEventTest, ALaterKeyIsSignedByTheOneBefore) {
  ASSERT_EQ(Publish(1, first_, first_), "");
  EXPECT_EQ(Publish(2, second_, second_), "KEY_NOT_CERTIFIED");
  EXPECT_EQ(Publish(3, second_, first_), "SEQUENCE_BROKEN");
  EXPECT_EQ(Publish(2, second_, first_), "");
  EXPECT_EQ(Current(), second_.key_id);
}

TEST_F(KeyEventTest, ARotatedKeyOutlivesTheCertificateOfTheFirst) {
  ASSERT_EQ(Publish(1, first_, first_), "");
  now_ += 40 * kDay;
  ASSERT_EQ(Publish(2, second_, first_), "");
  now_ += 30 * kDay;  // The first certificate ended ten days ago.
  Reload();
  EXPECT_EQ(Current(), second_.key_id);
}

TEST_F(KeyEventTest, AKeyThatEndedSignsNoNewEvent) {
  ASSERT_EQ(Publish(1, first_, first_), "");
  now_ += 55 * kDay;  // It counted for 50 days.
  EXPECT_EQ(Publish(2, second_, first_), "KEY_NOT_CERTIFIED");
}

TEST_F(KeyEventTest, ACertificateThatLapsedIsNotPublished) {
  ASSERT_EQ(Publish(1, first_, first_), "");
  const testing::TestIdentity lapsed = pki_.Issue("spiffe://derwent.example/agency/cbc/agent/one", 10 * kDay);
  now_ += 20 * kDay;
  EXPECT_EQ(Publish(2, lapsed, first_), "KEY_NOT_CERTIFIED");
}

TEST_F(KeyEventTest, ARevokedCertificateEndsItsKeyAndTheOnesAfterIt) {
  ASSERT_EQ(Publish(1, first_, first_), "");
  ASSERT_EQ(Publish(2, second_, first_), "");
  Revoke(first_.serial);
  Reload();
  EXPECT_EQ(Current(), "") << "any doubt denies";
}

TEST_F(KeyEventTest, AKeyWhoseCertificateIsRevokedSignsNoOther) {
  ASSERT_EQ(Publish(1, first_, first_), "");
  Revoke(first_.serial);
  Reload();
  EXPECT_NE(Publish(2, second_, first_), "");
  EXPECT_FALSE(
      CheckKeyCounts(world(), kStranger, MakeKeyEvent(kStranger, 2, second_, previous_, now_, KeyOf(first_)), now_)
          .ok());
}

}  // namespace
}  // namespace derwent::exchange
