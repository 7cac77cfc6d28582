#include "agents/cli/ledger/erasure_asked.h"

#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"
#include "trust/signature/signing_key.h"

namespace derwent::cli {
namespace {

using derwent::testing::IsOk;
using derwent::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kId[] = "7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d";

// An erasure of entries 3 and 4 that the police's officer asked for, as the broker shows it.
class AskedErasureTest : public ::testing::Test {
 protected:
  AskedErasureTest() {
    command_.set_erasure_id(kId);
    command_.add_entries(3);
    command_.add_entries(4);
    command_.set_reason("RIGHT_TO_ERASURE");
    command_.set_signer_agency("police.derbys");
    command_.set_signer_person("p-1");
    command_.mutable_create_time()->set_seconds(absl::ToUnixSeconds(now_));
    Sign();
  }
  void Sign() {
    const auto envelope =
        trust::SignEnvelope(trust::kErasureType, command_.SerializeAsString(),
                            trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(officer_.key_pem)).value())
            .value();
    erasure_.set_erasure_id(kId);
    v1::DsseEnvelope& shown = *erasure_.mutable_request()->mutable_command();
    shown.Clear();
    shown.set_payload_type(envelope.payload_type);
    shown.set_payload(envelope.payload);
    shown.add_signatures()->set_keyid(envelope.signatures[0].keyid);
    shown.mutable_signatures(0)->set_sig(envelope.signatures[0].sig);
    erasure_.mutable_request()->set_certificate(officer_.certificate_der);
  }
  absl::Status Ask(const TypedErasure& typed = {}) const {
    return AskedErasure(erasure_, typed, authority_, now_).status();
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'795'521'600);
  testing::TestPki pki_{now_};
  trust::Authority authority_ = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value();
  testing::TestIdentity officer_ = pki_.IssueFor("police.derbys", "person", "p-1");
  v1::ErasureCommand command_;
  v1::Erasure erasure_;
};

TEST_F(AskedErasureTest, IsWhatItsOwnerSigned) {
  EXPECT_THAT(Ask(), IsOk());
  EXPECT_THAT(Ask({.entries = {4, 3}, .reason = "RIGHT_TO_ERASURE"}), IsOk());
}

TEST_F(AskedErasureTest, IsNotWhatSomebodyDidNotMean) {
  EXPECT_THAT(Ask({.entries = {3}, .reason = ""}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3 4")));
  EXPECT_THAT(Ask({.entries = {3, 4, 5}, .reason = ""}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Ask({.entries = {}, .reason = "ERROR"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("RIGHT_TO_ERASURE")));
}

TEST_F(AskedErasureTest, IsNotWhatTheBrokerMadeOfIt) {
  command_.add_entries(5);
  erasure_.mutable_request()->mutable_command()->set_payload(command_.SerializeAsString());
  EXPECT_THAT(Ask(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not verify")));
  command_.set_signer_person("p-2");
  Sign();
  EXPECT_THAT(Ask(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not that of the person named")));
  command_.set_signer_person("p-1");
  command_.set_erasure_id("6d1f9e0a-3c52-4e77-8f10-2b9a7c4d5e61");
  Sign();
  EXPECT_THAT(Ask(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another erasure")));
  testing::TestPki foreign(now_);
  officer_ = foreign.IssueFor("police.derbys", "person", "p-1");
  Sign();
  EXPECT_THAT(Ask(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not count")));
}

}  // namespace
}  // namespace derwent::cli
