// A bundle counts only as its signatories signed it.
#include "policy/loader/bundle.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/dsse.pb.h"
#include "policy/engine/decide.h"
#include "policy/loader/manifest.h"
#include "policy/loader/text.h"
#include "tests/policy/derbyshire.h"
#include "tests/support/test_pki.h"
#include "trust/signature/dsse.h"
#include "trust/signature/signing_key.h"

namespace derwent::policy {
namespace {

class SignedBundle : public ::testing::Test {
 protected:
  SignedBundle() : roots_{.authority = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value()} {
    for (const std::string agency : {"dcc.adults", "dfrs", "cbc"}) {
      signers_[agency] = pki_.IssueFor(agency, "person", "p-1");
      roots_.signatories[agency] = {"p-1"};
    }
    files_ = DerbyshireFiles();
    files_[kManifestPath] = MakeManifest(files_);
    SignManifest("dcc.adults");
    SignManifest("dfrs");
    SignAgreement("dcc.adults");
    SignAgreement("dfrs");
  }

  void Put(const std::string& path, const char* type, std::string payload, const testing::TestIdentity& signer) {
    const trust::SigningKey key = trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value();
    const trust::Envelope envelope = trust::SignEnvelope(type, std::move(payload), key).value();
    v1::DsseEnvelope message;
    message.set_payload_type(envelope.payload_type);
    message.set_payload(envelope.payload);
    message.add_signatures()->set_keyid(envelope.signatures[0].keyid);
    message.mutable_signatures(0)->set_sig(envelope.signatures[0].sig);
    std::string json;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
    files_[path] = json;
    files_[absl::StrCat("signatures/certificates/", envelope.signatures[0].keyid, ".pem")] = signer.certificate_pem;
  }
  void SignManifest(const std::string& agency) {
    Put(absl::StrCat("signatures/bundle.", agency, ".dsse.json"), kManifestType, files_[kManifestPath],
        signers_[agency]);
  }
  void SignAgreement(const std::string& agency) {
    v1::Agreement agreement;
    Problems problems(files_);
    ASSERT_TRUE(ParseText(files_, "agreements/fire_safety.txtpb", agreement, problems));
    Put(absl::StrCat("signatures/agreements/fire_safety.1.", agency, ".dsse.json"), kAgreementType,
        AgreementManifest(files_, agreement).value(), signers_[agency]);
  }
  void GiveNotice(const std::string& agency, const std::string& in_name_of, int revision,
                  v1::NoticeAction action = v1::NOTICE_ACTION_END, const std::string& party = "") {
    v1::AgreementNotice notice;
    notice.set_agreement("fire_safety");
    notice.set_revision(revision);
    notice.set_action(action);
    notice.set_agency(in_name_of);
    notice.set_from_date("2026-11-30");
    notice.set_party(party);
    Put(absl::StrCat("notices/fire_safety.", agency, ".dsse.json"), kNoticeType, notice.SerializeAsString(),
        signers_[agency]);
  }

  absl::StatusOr<std::unique_ptr<const Bundle>> Load() { return LoadBundle(files_, roots_, now_); }
  // The code that denies identity in a home visit; empty when it is released.
  std::string Denial() {
    const auto bundle = Load();
    if (!bundle.ok()) return std::string(bundle.status().message());
    const CategoryOutcome outcome = Decide(**bundle).categories[0];
    return outcome.denied ? std::string(Describe(outcome.reasons[0].code).name) : "";
  }
  Decision Decide(const Bundle& bundle) {
    return bundle.decider->Decide(HomeVisit({"identity"}), {.policy = bundle.policy.get()}, now_);
  }

  absl::Time now_ = Midday();
  testing::TestPki pki_{now_};
  std::map<std::string, testing::TestIdentity> signers_;
  TrustRoots roots_;
  Files files_;
};

TEST_F(SignedBundle, IsTakenWholeWithItsDigest) {
  const auto bundle = Load();
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ((*bundle)->policy_digest.size(), 32u);
  EXPECT_EQ(Denial(), "");
}

TEST_F(SignedBundle, WithoutSignaturesIsRefused) {
  std::erase_if(files_, [](const auto& file) { return absl::StartsWith(file.first, "signatures/"); });
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SignedBundle, WithTooFewAgenciesIsRefused) {
  files_.erase("signatures/bundle.dfrs.dsse.json");
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
  Put("signatures/bundle.again.dsse.json", kManifestType, files_[kManifestPath], signers_["dcc.adults"]);
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated) << "one agency twice is one agency";
}

TEST_F(SignedBundle, WithAChangedByteIsRefusedAndNamed) {
  files_["gateways.txtpb"][100] ^= 1;
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(Load().status().message(), "gateways.txtpb"));
}

TEST_F(SignedBundle, WithAFileMoreOrLessIsRefused) {
  Files whole = files_;
  files_["profiles/extra.txtpb"] = "";
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kDataLoss);
  files_ = whole;
  files_.erase("profiles/marac.txtpb");
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kDataLoss);
  files_ = whole;
  files_.erase(kManifestPath);
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SignedBundle, WithANewManifestNeedsNewSignatures) {
  files_["vocabulary.txtpb"] += "\n";
  files_[kManifestPath] = MakeManifest(files_);
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SignedBundle, IgnoresWhoeverIsNoSignatory) {
  roots_.signatories["dfrs"] = {"p-2"};
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
  signers_["dfrs"] = pki_.IssueFor("dfrs", "agent", "p-2");
  SignManifest("dfrs");
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated) << "an agent is no person";
}

TEST_F(SignedBundle, IgnoresARevokedSigner) {
  roots_.revoked.Revoke(signers_["dfrs"].serial);
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SignedBundle, IgnoresASignerWhoseCertificateEnded) {
  now_ += absl::Hours(24 * 61);
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SignedBundle, IgnoresASignerOfAnotherAuthority) {
  testing::TestPki other(now_);
  signers_["dfrs"] = other.IssueFor("dfrs", "person", "p-1");
  SignManifest("dfrs");
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SignedBundle, AnUnsignedAgreementGivesNothing) {
  files_.erase("signatures/agreements/fire_safety.1.dfrs.dsse.json");
  EXPECT_EQ(Denial(), "AGREEMENT_NOT_SIGNED");
}

TEST_F(SignedBundle, AnAgreementSignedBeforeItsProfileChangedGivesNothing) {
  files_["profiles/fire_safety.txtpb"] += "\n";
  files_[kManifestPath] = MakeManifest(files_);
  SignManifest("dcc.adults");
  SignManifest("dfrs");
  EXPECT_EQ(Denial(), "AGREEMENT_NOT_SIGNED");
}

TEST_F(SignedBundle, AManifestSignatureIsNoAgreementSignature) {
  files_["signatures/agreements/fire_safety.1.dfrs.dsse.json"] = files_["signatures/bundle.dfrs.dsse.json"];
  EXPECT_EQ(Denial(), "AGREEMENT_NOT_SIGNED");
}

TEST_F(SignedBundle, OnePartysNoticeEndsTheAgreement) {
  GiveNotice("dfrs", "dfrs", 1);
  EXPECT_EQ(Denial(), "AGREEMENT_NOT_IN_FORCE");
}

TEST_F(SignedBundle, OnePartysNoticeRemovesAParty) {
  GiveNotice("dcc.adults", "dcc.adults", 1, v1::NOTICE_ACTION_REMOVE_PARTY, "dfrs");
  EXPECT_EQ(Denial(), "AGREEMENT_NOT_IN_FORCE");
}

TEST_F(SignedBundle, RemovingAnotherPartyLeavesTheRest) {
  GiveNotice("dcc.adults", "dcc.adults", 1, v1::NOTICE_ACTION_REMOVE_PARTY, "cbc");
  EXPECT_EQ(Denial(), "");
}

TEST_F(SignedBundle, ANoticeThatDoesNotSayWhatItDoesIsReportedAndIgnored) {
  GiveNotice("dcc.adults", "dcc.adults", 1, v1::NOTICE_ACTION_REMOVE_PARTY, "");
  EXPECT_EQ(Denial(), "");
  EXPECT_FALSE(Load().value()->warnings.empty());
  GiveNotice("dcc.adults", "dcc.adults", 1, static_cast<v1::NoticeAction>(77), "dfrs");
  EXPECT_EQ(Denial(), "");
}

TEST_F(SignedBundle, ANoticeInAnotherAgencysNameIsReportedAndIgnored) {
  GiveNotice("cbc", "dfrs", 1);
  EXPECT_EQ(Denial(), "");
  const auto bundle = Load();
  ASSERT_TRUE(bundle.ok());
  EXPECT_FALSE((*bundle)->warnings.empty());
}

TEST_F(SignedBundle, ANoticeOnAnOlderRevisionLeavesTheNewOne) {
  GiveNotice("dfrs", "dfrs", 0);
  EXPECT_EQ(Denial(), "");
}

}  // namespace
}  // namespace derwent::policy
