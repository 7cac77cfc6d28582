#include "agents/cli/policy/governance.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "derwent/v1/dsse.pb.h"
#include "policy/loader/bundle.h"
#include "policy/loader/manifest.h"
#include "policy/loader/signatures.h"
#include "policy/loader/text.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/secret/sha256.h"
#include "trust/signature/dsse.h"
#include "trust/signature/key_file.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

namespace fs = std::filesystem;

// Whole or not at all: a reader never sees half a file.
absl::Status WriteFile(const fs::path& path, absl::string_view content) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path part = path.string() + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write `", path.string(), "`"));
  fs::rename(part, path, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot write `", path.string(), "`: ", error.message()));
  return absl::OkStatus();
}

// Signs `payload` into `<directory>/<path>` and puts the signer's certificate beside it. Returns the signer's agency.
absl::Status WriteSigned(const std::string& directory, const std::string& path, absl::string_view type,
                         std::string payload, const SignerFiles& signer, const trust::Certificate& certificate) {
  ASSIGN_OR_RETURN(const trust::SigningKey key, trust::SigningKey::FromFile(signer.key));
  if (key.public_key().key_id() != certificate.public_key().key_id())
    return absl::InvalidArgumentError("the key is not the certificate's");
  ASSIGN_OR_RETURN(const trust::Envelope envelope, trust::SignEnvelope(type, std::move(payload), key));
  ASSIGN_OR_RETURN(const std::string json, policy::PrintEnvelope(trust::ToProto(envelope)));
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(signer.certificate));
  RETURN_IF_ERROR(
      WriteFile(fs::path(directory) / "signatures" / "certificates" / (key.public_key().key_id() + ".pem"), pem));
  return WriteFile(fs::path(directory) / path, json);
}

absl::StatusOr<trust::Certificate> ReadCertificate(const SignerFiles& signer) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(signer.certificate));
  return trust::Certificate::FromPem(pem);
}

}  // namespace

absl::StatusOr<v1::Agreement> ReadAgreement(const policy::Files& files, const std::string& id) {
  policy::Problems problems(files);
  v1::Agreement agreement;
  if (!policy::ParseText(files, absl::StrCat("agreements/", id, ".txtpb"), agreement, problems)) {
    return absl::InvalidArgumentError(problems.list().empty() ? "the agreement does not parse"
                                                              : problems.list()[0].ToString());
  }
  return agreement;
}

absl::Status WriteBundleFile(const std::string& directory, const std::string& path, absl::string_view content) {
  return WriteFile(fs::path(directory) / path, content);
}

absl::StatusOr<std::string> WriteManifest(const std::string& directory) {
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(directory));
  const std::string manifest = policy::MakeManifest(files);
  RETURN_IF_ERROR(WriteFile(fs::path(directory) / policy::kManifestPath, manifest));
  return trust::Sha256(manifest).hex();
}

absl::Status SignBundle(const std::string& directory, const SignerFiles& signer) {
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(directory));
  RETURN_IF_ERROR(policy::CheckManifest(files));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, ReadCertificate(signer));
  return WriteSigned(directory, absl::StrCat("signatures/bundle.", certificate.id().agency, ".dsse.json"),
                     trust::kPolicyManifestType, files.at(policy::kManifestPath), signer, certificate);
}

absl::Status SignAgreement(const std::string& directory, const std::string& id, const SignerFiles& signer) {
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(directory));
  ASSIGN_OR_RETURN(const v1::Agreement agreement, ReadAgreement(files, id));
  ASSIGN_OR_RETURN(std::string manifest, policy::AgreementManifest(files, agreement));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, ReadCertificate(signer));
  return WriteSigned(
      directory,
      absl::StrCat("signatures/agreements/", id, ".", agreement.revision(), ".", certificate.id().agency, ".dsse.json"),
      trust::kAgreementType, std::move(manifest), signer, certificate);
}

absl::Status GiveNotice(const std::string& directory, const std::string& id, v1::AgreementNotice notice,
                        const SignerFiles& signer) {
  RETURN_IF_ERROR(ParseDay(notice.from_date()).status());
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(directory));
  ASSIGN_OR_RETURN(const v1::Agreement agreement, ReadAgreement(files, id));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, ReadCertificate(signer));
  const bool removes = notice.action() == v1::NOTICE_ACTION_REMOVE_PARTY;
  for (const std::string& party : removes ? std::vector<std::string>{certificate.id().agency, notice.party()}
                                          : std::vector<std::string>{certificate.id().agency}) {
    const auto& parties = agreement.parties();
    if (std::find(parties.begin(), parties.end(), party) == parties.end())
      return absl::InvalidArgumentError(absl::StrCat("`", party, "` is no party of agreement `", id, "`"));
  }
  notice.set_agreement(id);
  notice.set_revision(agreement.revision());
  notice.set_agency(certificate.id().agency);
  // One file a party removed, so that removing a second does not take the first back.
  const std::string what = removes ? absl::StrCat(".remove.", notice.party()) : "";
  return WriteSigned(
      directory,
      absl::StrCat("notices/", id, ".", agreement.revision(), ".", certificate.id().agency, what, ".dsse.json"),
      trust::kAgreementNoticeType, notice.SerializeAsString(), signer, certificate);
}

}  // namespace derwent::cli
