// A bundle counts only as its signatories signed it.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "tests/policy/signed_bundle.h"
#include "trust/signature/payload_types.h"

namespace derwent::policy {
namespace {

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
  Put("signatures/bundle.again.dsse.json", trust::kPolicyManifestType, files_[kManifestPath], signers_["dcc.adults"]);
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

TEST_F(SignedBundle, IgnoresASignerWhomARevokedAuthorityCertified) {
  roots_.revoked.Revoke(pki_.authority_serial());
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
  EXPECT_TRUE(Warned("it signs no agreement as it now stands [signature]; sign the present revision"));
}

TEST_F(SignedBundle, ASignatureUnderAnotherManifestIsReportedAndIgnored) {
  Put("signatures/bundle.cbc.dsse.json", trust::kPolicyManifestType, files_[kManifestPath] + "\n", signers_["cbc"]);
  EXPECT_EQ(Denial(), "");
  EXPECT_TRUE(Warned("it signs another MANIFEST [signature]; sign again"));
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
  EXPECT_TRUE(Warned("the notice is malformed or not of the signer's agency [notice]; give notice again"));
}

TEST_F(SignedBundle, ANoticeOnAnOlderRevisionLeavesTheNewOne) {
  GiveNotice("dfrs", "dfrs", 0);
  EXPECT_EQ(Denial(), "");
}

}  // namespace
}  // namespace derwent::policy
