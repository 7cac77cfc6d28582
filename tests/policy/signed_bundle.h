#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/policy_change.pb.h"
#include "policy/engine/decide.h"
#include "policy/loader/activation.h"
#include "policy/loader/bundle.h"
#include "policy/loader/manifest.h"
#include "policy/loader/text.h"
#include "tests/policy/derbyshire.h"
#include "tests/support/test_pki.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"
#include "trust/signature/signing_key.h"

namespace derwent::policy {

// The policy of Derbyshire, its MANIFEST and its agreement on fire safety signed by two agencies.
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

  static std::string SignedJson(absl::string_view type, std::string payload, const testing::TestIdentity& signer) {
    const trust::SigningKey key = trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value();
    const trust::Envelope envelope = trust::SignEnvelope(type, std::move(payload), key).value();
    v1::DsseEnvelope message;
    message.set_payload_type(envelope.payload_type);
    message.set_payload(envelope.payload);
    message.add_signatures()->set_keyid(envelope.signatures[0].keyid);
    message.mutable_signatures(0)->set_sig(envelope.signatures[0].sig);
    return PrintEnvelope(message).value();
  }
  void Put(const std::string& path, absl::string_view type, std::string payload, const testing::TestIdentity& signer) {
    files_[path] = SignedJson(type, std::move(payload), signer);
    files_[absl::StrCat("signatures/certificates/", signer.key_id, ".pem")] = signer.certificate_pem;
  }
  void SignManifest(const std::string& agency) {
    Put(absl::StrCat("signatures/bundle.", agency, ".dsse.json"), trust::kPolicyManifestType, files_[kManifestPath],
        signers_[agency]);
  }
  void SignAgreement(const std::string& agency) {
    v1::Agreement agreement;
    Problems problems(files_);
    ASSERT_TRUE(ParseText(files_, "agreements/fire_safety.txtpb", agreement, problems));
    Put(absl::StrCat("signatures/agreements/fire_safety.1.", agency, ".dsse.json"), trust::kAgreementType,
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
    Put(absl::StrCat("notices/fire_safety.", agency, ".dsse.json"), trust::kAgreementNoticeType,
        notice.SerializeAsString(), signers_[agency]);
  }

  // Puts an activation of the files as they are, signed by the agency's signatory.
  void Activate(int64_t revision, const std::string& agency = "dfrs") {
    v1::PolicyActivation activation;
    activation.set_revision(revision);
    activation.set_content_digest(ContentDigest(files_).bytes());
    activation.set_action(v1::POLICY_ACTION_ACTIVATE);
    files_[kActivationPath] = SignedJson(trust::kActivationType, activation.SerializeAsString(), signers_[agency]);
    files_[kActivatorPath] = signers_[agency].certificate_pem;
  }

  absl::StatusOr<std::unique_ptr<const Bundle>> Load() { return LoadBundle(files_, roots_, now_); }
  // The code that denies identity in a home visit; empty when it is released.
  std::string Denial() {
    const auto bundle = Load();
    if (!bundle.ok()) return std::string(bundle.status().message());
    const CategoryOutcome outcome = Decide(**bundle).categories[0];
    return outcome.denied ? std::string(Describe(outcome.reasons[0].code).name) : "";
  }
  // Whether a warning of the bundle ends so.
  bool Warned(absl::string_view end) {
    const auto bundle = Load();
    return bundle.ok() && std::ranges::any_of((*bundle)->warnings, [&](const Problem& problem) {
             return absl::EndsWith(problem.ToString(), end);
           });
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

}  // namespace derwent::policy
