#include "broker/rpc/authentication.h"

#include "broker/exchange/command/refusal.h"
#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"

namespace derwent::rpc {
namespace {

// What is asked again while a call waits.
class StillGoodTest : public ::testing::Test {
 protected:
  StillGoodTest() {
    const auto authority = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value();
    world_.revoked = std::make_shared<const trust::RevocationSet>(
        trust::RevocationSet::FromPem(pki_.Crl({}), authority, now_).value());
    const auto certificate = trust::Certificate::FromPem(pki_.IssueFor("dfrs", "agent", "one").certificate_pem).value();
    caller_ = {.id = certificate.id(),
               .serial = certificate.serial(),
               .chain = authority.ChainOf(certificate, now_).value(),
               .not_after = now_ + absl::Hours(1)};
  }
  std::string Told(absl::Time now) {
    const absl::Status status = Authentication::StillGood(caller_, world_, now);
    return status.ok() ? "" : exchange::ReasonOf(status);
  }
  void Revoke(const std::string& serial) {
    auto revoked = std::make_shared<trust::RevocationSet>(*world_.revoked);
    revoked->Revoke(serial);
    world_.revoked = revoked;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  testing::TestPki pki_{now_, testing::TestPki::Depth::kIssuingBelow};
  exchange::World world_;
  exchange::Caller caller_;
};

TEST_F(StillGoodTest, UntilTheCertificateEnds) {
  EXPECT_EQ(Told(now_), "");
  EXPECT_EQ(Told(now_ + absl::Hours(1) - absl::Seconds(1)), "");
  EXPECT_EQ(Told(now_ + absl::Hours(1)), "CALLER_UNKNOWN");
}

TEST_F(StillGoodTest, UntilTheRevocationListEnds) {
  caller_.not_after = absl::InfiniteFuture();
  EXPECT_EQ(Told(world_.revoked->next_update()), "CALLER_UNKNOWN");
}

TEST_F(StillGoodTest, UntilTheCertificateIsRevoked) {
  Revoke(caller_.serial);
  EXPECT_EQ(Told(now_), "CERTIFICATE_REVOKED");
}

TEST_F(StillGoodTest, UntilTheAuthorityThatIssuedItIsRevoked) {
  Revoke(pki_.authority_serial());
  EXPECT_EQ(Told(now_), "CERTIFICATE_REVOKED");
}

TEST_F(StillGoodTest, NotWithoutAChain) {
  caller_.chain.clear();
  EXPECT_EQ(Told(now_), "CERTIFICATE_REVOKED");
}

}  // namespace
}  // namespace derwent::rpc
