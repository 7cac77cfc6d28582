#include "agents/cli/audit/export_signature.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "agents/cli/terminal/output.h"
#include "tests/agents/sdk/test_agency.h"
#include "tests/agents/sdk/test_log.h"
#include "tests/support/matchers.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

using derwent::testing::StatusIs;
using derwent::testing::TestAgency;
using ::testing::HasSubstr;

constexpr char kManifest[] = "{\"rows\":2}\n";

// A manifest that somebody of the police exported, signed in its name.
class ExportSignatureTest : public ::testing::Test {
 protected:
  ExportSignatureTest() {
    statement_.set_agency("police.derbys");
    statement_.set_person("p-1a2b3c");
    statement_.set_manifest_digest(trust::Sha256(kManifest).bytes());
    *statement_.mutable_sign_time() = trust::ToTimestamp(now_);
    Write("ca.pem", pki_.ca_pem());
    Write("manifest.json", kManifest);
    Write(kExportKeys, ToJson(police_.Keys(log_), false));
    Sign(police_.signing());
  }
  ~ExportSignatureTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void Sign(const trust::SigningKey& key, absl::string_view type = trust::kAuditExportType) {
    Write(kExportSignature, ToJson(trust::SignMessage(type, statement_, key).value(), false));
  }
  absl::StatusOr<v1::AuditExport> Verify(const std::string& first_key) {
    return VerifySignature(folder_.string(), {.ca = (folder_ / "ca.pem").string(), .crl = crl_, .first_key = first_key},
                           Believed::Make({log_.vkey().ToString()}, "", "").value(), now_);
  }
  absl::StatusOr<v1::AuditExport> Verify() { return Verify(police_.first_key()); }

  const absl::Time now_ = absl::Now();
  testing::TestPki pki_{now_};
  testing::TestLog log_;
  TestAgency police_{pki_, "police.derbys", now_};
  v1::AuditExport statement_;
  std::string crl_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ExportSignatureTest, ASignedManifestVerifiesFromTheFirstKeyAlone) {
  const auto verified = Verify();
  ASSERT_OK(verified);
  EXPECT_EQ(verified->person(), "p-1a2b3c");
}

TEST_F(ExportSignatureTest, AChangedManifestDoesNot) {
  Write("manifest.json", "{\"rows\":1}\n");
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another manifest")));
}

TEST_F(ExportSignatureTest, OneThatWasTakenAwayIsMissed) {
  std::filesystem::remove(folder_ / kExportSignature);
  EXPECT_FALSE(IsSigned(folder_.string()));
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("it is missing")));
}

TEST_F(ExportSignatureTest, AnothersKeyIsNoneOfTheAgencys) {
  const TestAgency other(pki_, "police.derbys", now_);
  Sign(other.signing());
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(kExportSignature)));
  EXPECT_THAT(Verify(other.first_key()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("out of band")));
}

TEST_F(ExportSignatureTest, ASealingKeySignsNothing) {
  Sign(police_.sealing());
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(kExportSignature)));
}

TEST_F(ExportSignatureTest, WhatWasSignedForAnotherUseIsNoExport) {
  Sign(police_.signing(), trust::kNoticeType);
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(kExportSignature)));
}

TEST_F(ExportSignatureTest, AKeyWhoseCertificateIsRevokedSignsNothing) {
  Write("crl.pem", pki_.Crl({police_.signing_identity().serial}));
  EXPECT_OK(Verify()) << "nobody looked";
  crl_ = (folder_ / "crl.pem").string();
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(kExportKeys)));
}

TEST_F(ExportSignatureTest, KeysThatAreNotInTheLogDoNotCount) {
  v1::AgencyKeys keys = police_.Keys(log_);
  keys.mutable_receipts()->SwapElements(0, 1);
  Write(kExportKeys, ToJson(keys, false));
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(kExportKeys)));
}

}  // namespace
}  // namespace derwent::cli
