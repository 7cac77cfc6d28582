// A declaration counts only while it may: signed by now, over within 24 hours of now.
#include "policy/loader/emergency.h"

#include <limits>

#include "gmock/gmock.h"

#include "tests/policy/derbyshire.h"
#include "tests/support/test_pki.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"
#include "trust/signature/signing_key.h"

namespace derwent::policy {
namespace {

using ::testing::HasSubstr;

class EmergencyTest : public ::testing::Test {
 protected:
  v1::EmergencyCommand Command(int64_t made, int64_t ends) const {
    v1::EmergencyCommand command;
    command.set_emergency_id("7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d");
    command.set_agency("dfrs");
    command.set_officer("p-1");
    command.set_second_person("p-2");
    command.set_profile("fire_safety");
    command.set_area("E07000034");
    command.set_subject_role("resident");
    command.add_holders("dcc.adults");
    command.add_categories("identity");
    command.mutable_create_time()->set_seconds(made);
    command.mutable_expire_time()->set_seconds(ends);
    return command;
  }
  // Signed by both persons.
  absl::Status Verify(const v1::EmergencyCommand& command) const {
    v1::SignedEmergency declaration;
    v1::DsseEnvelope& envelope = *declaration.mutable_command();
    for (const testing::TestIdentity* person : {&officer_, &second_}) {
      const auto signed_command =
          trust::SignEnvelope(trust::kEmergencyType, command.SerializeAsString(),
                              trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(person->key_pem)).value());
      envelope.set_payload_type(std::string(trust::kEmergencyType));
      envelope.set_payload(signed_command->payload);
      v1::DsseSignature& signature = *envelope.add_signatures();
      signature.set_keyid(signed_command->signatures[0].keyid);
      signature.set_sig(signed_command->signatures[0].sig);
      declaration.add_certificates(person->certificate_der);
    }
    return VerifyEmergency(declaration, authority_, revoked_, now_).status();
  }
  // Seconds from now.
  absl::Status Times(absl::Duration made, absl::Duration ends) const {
    return Verify(Command(absl::ToUnixSeconds(now_ + made), absl::ToUnixSeconds(now_ + ends)));
  }
  static void Refused(const absl::Status& status, const std::string& why) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }

  const absl::Time now_ = Midday();
  testing::TestPki pki_{now_};
  trust::Authority authority_ = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value();
  trust::RevocationSet revoked_;
  testing::TestIdentity officer_ = pki_.IssueFor("dfrs", "person", "p-1");
  testing::TestIdentity second_ = pki_.IssueFor("dfrs", "person", "p-2");
};

TEST_F(EmergencyTest, CountsFromItsSignatureToItsEnd) {
  EXPECT_TRUE(Times(absl::ZeroDuration(), absl::Hours(24)).ok());
  EXPECT_TRUE(Times(absl::Seconds(20), absl::Seconds(20) + absl::Hours(24)).ok()) << "clocks differ a little";
  EXPECT_TRUE(Times(-absl::Hours(23), absl::Minutes(1)).ok());
}

TEST_F(EmergencyTest, DoesNotCountUnderARevokedCertificateOrAuthority) {
  for (const std::string& serial : {second_.serial, pki_.authority_serial()}) {
    revoked_ = trust::RevocationSet();
    revoked_.Revoke(serial);
    EXPECT_EQ(Times(absl::ZeroDuration(), absl::Hours(24)).code(), absl::StatusCode::kUnauthenticated) << serial;
  }
}

TEST_F(EmergencyTest, DatedAheadDoesNotCountYet) {
  Refused(Times(absl::Hours(24 * 30), absl::Hours(24 * 31)), "ahead");
  Refused(Times(absl::Minutes(1), absl::Hours(2)), "ahead");
}

TEST_F(EmergencyTest, IsOverWithin24HoursWhateverItSays) {
  Refused(Times(-absl::Hours(1), absl::Hours(24)), "24 hours");
  Refused(Times(-absl::Hours(2), -absl::Hours(1)), "over");
  Refused(Times(absl::ZeroDuration(), absl::ZeroDuration()), "over");
  Refused(Times(absl::ZeroDuration(), -absl::Hours(1)), "over");
}

TEST_F(EmergencyTest, TimesThatNoTimestampMayHoldAndTheLastDoNotWrapRound) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLast = 253402300799;  // 9999-12-31.
  Refused(Verify(Command(kLeast, kMost)), "over");
  Refused(Verify(Command(kLeast, kLast)), "24 hours");
  Refused(Verify(Command(kLeast, absl::ToUnixSeconds(now_) + 60)), "24 hours");
  Refused(Verify(Command(kMost, kLeast)), "over");
  Refused(Verify(Command(kLast, kLast)), "ahead");
}

}  // namespace
}  // namespace derwent::policy
