#include "agents/sdk/package.h"

#include <optional>

#include "agents/sdk/keys.h"
#include "agents/sdk/labels.h"
#include "agents/sdk/mailbox_lifetime.h"
#include "agents/sdk/open.h"
#include "agents/sdk/project.h"
#include "agents/sdk/seal/hpke.h"
#include "agents/sdk/seal/unit.h"
#include "tests/agents/sdk/test_agency.h"
#include "tests/support/matchers.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

using testing::AnchorsFor;
using ::testing::HasSubstr;
using testing::TestAgency;
using testing::TestLog;
using testing::TestPki;

class PackageTest : public ::testing::Test {
 protected:
  PackageTest() {
    v1::IdentityFact& name = *record_.mutable_identity()->add_facts();
    name.set_surname("Fennimore");
    name.set_date_of_birth("1988-03-09");
    anchors_.emplace(AnchorsFor(pki_, log_, {&police_, &housing_}, now_));
    police_keys_ = book_.Take(police_.Keys(log_), *anchors_, now_).value().history;
  }

  v1::UnitContent Unit(absl::string_view form) {
    return ProjectUnit(record_, "identity", form, Pseudonymiser(trust::SecretBytes(std::string(32, 'k'))), {}).value();
  }

  PackageRecipient Recipient() {
    PackageRecipient recipient{.agency = housing_.id(),
                               .role = "practitioner",
                               .expire_time = now_ + absl::Hours(1),
                               .marking = "OS-MARAC",
                               .obligations = {"onward_deny"}};
    recipient.subjects.push_back(
        {.number = 1, .role = "victim", .justification = "the house must be safe", .asked_categories = {"identity"}});
    recipient.units.push_back({.subject = 1, .content = Unit("full")});
    recipient.units.push_back({.subject = 1, .content = Unit("generalise")});
    return recipient;
  }

  ShareHead Head() {
    return {.share_id = random_.NewUuid().text(),
            .sender_agency = police_.id(),
            .acting_person = "p-4c1e07",
            .profile = "marac",
            .purpose = "case.da_safety",
            .area = "E07000034",
            .policy_digest = policy_,
            .create_time = now_};
  }

  v1::Submission Seal(const PackageRecipient& recipient) {
    auto sealed = SealPackage(Head(), recipient, housing_.sealing().public_key(), police_.signing(), random_);
    EXPECT_OK(sealed);
    return sealed.ok() ? *sealed : v1::Submission();
  }

  OpenResult Open(const v1::Package& package) {
    const OpenContext context{.own_agency = housing_.id(),
                              .sender = police_keys_.get(),
                              .sealing_key =
                                  [this](absl::string_view id) {
                                    return id == housing_.sealing().public_key().key_id() ? &housing_.sealing()
                                                                                          : nullptr;
                                  },
                              .policy_known = [this](absl::string_view digest) { return digest == policy_.view(); },
                              .obligations = &obligations_,
                              .now = now_};
    return OpenPackage(package, context);
  }

  // Signs an edited manifest again, as the sender itself would.
  void SignAgain(v1::Package& package, const v1::Manifest& manifest) {
    *package.mutable_manifest() = trust::SignMessage(trust::kManifestType, manifest, police_.signing()).value();
  }

  void ExpectRejected(const v1::Package& package, v1::NoticeKind kind, const std::string& why) {
    const OpenResult result = Open(package);
    ASSERT_TRUE(std::holds_alternative<Rejection>(result));
    EXPECT_EQ(std::get<Rejection>(result).kind, kind);
    EXPECT_THAT(std::get<Rejection>(result).why, HasSubstr(why));
  }

  trust::SystemRandom random_;
  absl::Time now_ = absl::Now();
  TestPki pki_{now_};
  TestLog log_;
  TestAgency police_{pki_, "police.derbys", now_};
  TestAgency housing_{pki_, "rp.housing", now_};
  std::optional<TrustAnchors> anchors_;
  KeyBook book_;
  std::shared_ptr<const trust::KeyHistory> police_keys_;
  v1::CaseRecord record_;
  Sha256Digest policy_ = trust::Sha256("policy");
  std::set<std::string> obligations_ = {"onward_deny"};
};

TEST_F(PackageTest, OpensWhatWasSealed) {
  const OpenResult result = Open(Seal(Recipient()).package());
  ASSERT_TRUE(std::holds_alternative<OpenedPackage>(result)) << std::get<Rejection>(result).why;
  const auto& opened = std::get<OpenedPackage>(result);
  ASSERT_EQ(opened.units.size(), 2u);
  EXPECT_EQ(opened.units[0].content.identity().facts(0).surname(), "Fennimore");
  EXPECT_EQ(opened.units[1].content.identity().facts(0).surname(), "");
  EXPECT_EQ(opened.justifications.at(1), "the house must be safe");
  EXPECT_TRUE(opened.mislabelled.empty());
}

TEST_F(PackageTest, UnitsOfOneSizeHideWhatTheyHold) {
  const v1::Submission submission = Seal(Recipient());
  EXPECT_EQ(submission.package().units(0).size(), 256u + 16u);
  EXPECT_EQ(submission.package().units(1).size(), 256u + 16u);
  EXPECT_THAT(submission.SerializeAsString(), ::testing::Not(HasSubstr("Fennimore")));
}

TEST_F(PackageTest, TheSenderRefusesToSealAFalseLabel) {
  PackageRecipient recipient = Recipient();
  recipient.units[0].content.set_form("flag_only");
  EXPECT_THAT(SealPackage(Head(), recipient, housing_.sealing().public_key(), police_.signing(), random_),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("MISLABELLED")));
}

TEST_F(PackageTest, EveryFlippedBitOfThePackageIsCaught) {
  const v1::Package package = Seal(Recipient()).package();
  const std::string octets = package.SerializeAsString();
  for (size_t at = 0; at < octets.size(); at += 7) {
    std::string edited = octets;
    edited[at] = static_cast<char>(edited[at] ^ 0x10);
    v1::Package broken;
    if (!broken.ParseFromString(edited)) continue;
    EXPECT_TRUE(std::holds_alternative<Rejection>(Open(broken))) << "octet " << at;
  }
}

TEST_F(PackageTest, AnotherAgencysPackageIsRejected) {
  v1::Package package = Seal(Recipient()).package();
  v1::Manifest manifest = PeekManifest(package).value();
  manifest.set_recipient_agency("dfrs");
  SignAgain(package, manifest);
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "another agency");
}

TEST_F(PackageTest, AShareWhoseIdIsNoneIsRejected) {
  v1::Package package = Seal(Recipient()).package();
  v1::Manifest manifest = PeekManifest(package).value();
  manifest.set_share_id("../../agent");
  SignAgain(package, manifest);
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "no id");
}

TEST_F(PackageTest, WhatIsOverOrOlderThanAMailboxKeepsIsRejected) {
  v1::Package package = Seal(Recipient()).package();
  v1::Manifest manifest = PeekManifest(package).value();
  *manifest.mutable_create_time() = trust::ToTimestamp(now_ - absl::Minutes(30));
  *manifest.mutable_expire_time() = trust::ToTimestamp(now_ - absl::Minutes(10));
  SignAgain(package, manifest);
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "older");
  *manifest.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(24 * 90));
  SignAgain(package, manifest);
  EXPECT_TRUE(std::holds_alternative<OpenedPackage>(Open(package))) << "half an hour old";
  now_ += kMailboxLifetime;
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "older");
}

TEST_F(PackageTest, ASignatureByAKeyNobodyCertifiedIsRejected) {
  TestAgency impostor(pki_, police_.id(), now_);
  v1::Package package = Seal(Recipient()).package();
  *package.mutable_manifest() =
      trust::SignMessage(trust::kManifestType, PeekManifest(package).value(), impostor.signing()).value();
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "no signing key");
}

TEST_F(PackageTest, AnUnknownPolicyOrObligationIsRejected) {
  v1::Package package = Seal(Recipient()).package();
  v1::Manifest manifest = PeekManifest(package).value();
  manifest.add_obligations("sing_it_aloud");
  SignAgain(package, manifest);
  ExpectRejected(package, v1::NOTICE_KIND_OBLIGATION_UNKNOWN, "obligation");
  manifest.set_policy_digest(trust::Sha256("another").bytes());
  SignAgain(package, manifest);
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "policy");
}

TEST_F(PackageTest, UnitsCannotChangePlacesEvenUnderTheSendersSignature) {
  v1::Package package = Seal(Recipient()).package();
  v1::Manifest manifest = PeekManifest(package).value();
  package.mutable_units()->SwapElements(0, 1);
  manifest.mutable_units(0)->mutable_ciphertext_digest()->swap(*manifest.mutable_units(1)->mutable_ciphertext_digest());
  SignAgain(package, manifest);
  ExpectRejected(package, v1::NOTICE_KIND_PACKAGE_REJECTED, "");
}

TEST_F(PackageTest, AFalseLabelOfADishonestSenderIsHandedToNobody) {
  // A sender without the check: seals a full unit and calls it generalised.
  v1::UnitContent content = Unit("full");
  content.set_form("generalise");
  const trust::SecretBytes key(random_.Bytes(32));
  v1::Package package = Seal(Recipient()).package();
  v1::Manifest manifest = PeekManifest(package).value();
  v1::KeyRing ring;
  const auto old_ring = HpkeOpen(housing_.sealing(), KeyRingBinding(manifest), "", package.key_ring());
  ASSERT_TRUE(ring.ParseFromString(*old_ring));
  const UnitLabel label{.share_id = manifest.share_id(),
                        .version = 1,
                        .unit = 2,
                        .subject = 1,
                        .category = "identity",
                        .form = "generalise"};
  package.set_units(1, SealUnit(key, label, content.SerializeAsString()).value());
  manifest.mutable_units(1)->set_ciphertext_digest(trust::Sha256(package.units(1)).bytes());
  manifest.mutable_units(1)->set_key_commitment(KeyCommitment(key).bytes());
  ring.mutable_keys(1)->set_key(std::string(key.RevealForCrypto()));
  package.set_key_ring(
      HpkeSeal(housing_.sealing().public_key(), KeyRingBinding(manifest), "", ring.SerializeAsString()).value());
  manifest.set_key_ring_digest(trust::Sha256(package.key_ring()).bytes());
  SignAgain(package, manifest);
  const OpenResult result = Open(package);
  ASSERT_TRUE(std::holds_alternative<OpenedPackage>(result)) << std::get<Rejection>(result).why;
  EXPECT_THAT(std::get<OpenedPackage>(result).mislabelled, ::testing::ElementsAre(2u));
  EXPECT_EQ(std::get<OpenedPackage>(result).units.size(), 1u);
}

// Modern Slavery Act 2015 s52: a sender that rides along what no enactment lists is not handed on.
TEST_F(PackageTest, AFieldSetThatHoldsMoreIsHandedToNobody) {
  v1::CaseRecord record;
  v1::StatutoryFieldsetFact& set = *record.mutable_statutory_fieldset()->add_facts();
  set.set_fieldset("nrm.duty_to_notify");
  set.add_fields()->set_name("gender");
  set.mutable_fields(0)->set_value("female");
  const auto sealed = [&] {
    PackageRecipient recipient = Recipient();
    recipient.units[1].content = ProjectUnit(record, "statutory.fieldset", "full", Pseudonymiser(), {}).value();
    return std::get<OpenedPackage>(Open(Seal(recipient).package()));
  };
  EXPECT_TRUE(sealed().mislabelled.empty());
  set.add_fields()->set_name("victim_name");
  set.mutable_fields(1)->set_value("Jane Fennimore");
  EXPECT_THAT(sealed().mislabelled, ::testing::ElementsAre(2u));
  EXPECT_EQ(sealed().units.size(), 1u);
}

}  // namespace
}  // namespace derwent::agents
