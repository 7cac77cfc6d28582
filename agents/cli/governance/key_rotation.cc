#include "agents/cli/governance/key_rotation.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/identity/authority.h"
#include "trust/identity/certificate.h"
#include "trust/identity/signing_request.h"
#include "trust/signature/key_file.h"
#include "trust/signature/signing_key.h"

namespace derwent::cli {
namespace {

// Enough of a key's id to tell keys of one agency apart.
constexpr size_t kNameDigits = 16;

std::string StemOf(const Rotation& rotation, const trust::PublicKey& key) {
  return absl::StrCat(rotation.folder, "/", rotation.use, "-", key.key_id().substr(0, kNameDigits));
}

absl::StatusOr<trust::Certificate> ReadCertificate(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(path));
  return trust::Certificate::FromPem(pem);
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot make `", folder, "`: ", error.message()));
  return chmod(folder.c_str(), 0700) == 0 ? absl::OkStatus()
                                          : absl::UnavailableError(absl::StrCat("cannot close `", folder, "`"));
}

}  // namespace

absl::StatusOr<std::string> BeginRotation(const Rotation& rotation) {
  ASSIGN_OR_RETURN(const trust::Certificate before, ReadCertificate(rotation.certificate));
  ASSIGN_OR_RETURN(const trust::SecretBytes pem, trust::NewKeyPem());
  ASSIGN_OR_RETURN(const trust::SigningKey key, trust::SigningKey::FromPem(pem));
  ASSIGN_OR_RETURN(
      const std::string request,
      trust::MakeSigningRequest(key, before.id(), absl::StrCat(before.id().agency, " ", rotation.use, " key")));
  RETURN_IF_ERROR(MakeFolder(rotation.folder));
  const std::string stem = StemOf(rotation, key.public_key());
  RETURN_IF_ERROR(WriteDurably(stem + ".key", pem.RevealForCrypto()));
  RETURN_IF_ERROR(WriteDurably(stem + ".csr", request));
  return stem + ".csr";
}

absl::StatusOr<std::string> FinishRotation(const Rotation& rotation, const std::string& granted_file,
                                           const std::string& ca_file) {
  ASSIGN_OR_RETURN(const trust::Certificate before, ReadCertificate(rotation.certificate));
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(granted_file));
  ASSIGN_OR_RETURN(const trust::Certificate granted, trust::Certificate::FromPem(pem));
  if (granted.id() != before.id())
    return absl::InvalidArgumentError(
        absl::StrCat("`", granted_file, "` names `", granted.id().ToString(), "`, not `", before.id().ToString(), "`"));
  ASSIGN_OR_RETURN(const std::string ca, trust::ReadFile(ca_file));
  ASSIGN_OR_RETURN(const trust::Authority authority, trust::Authority::FromPem(ca, before.id().trust_domain));
  RETURN_IF_ERROR(authority.Verify(granted, absl::Now()));
  const std::string stem = StemOf(rotation, granted.public_key());
  ASSIGN_OR_RETURN(const trust::SigningKey key, trust::SigningKey::FromFile(stem + ".key"));
  if (key.public_key().key_id() != granted.public_key().key_id())
    return absl::InvalidArgumentError(absl::StrCat("`", granted_file, "` is not of the key `", stem, ".key`"));
  RETURN_IF_ERROR(WriteDurably(stem + ".pem", pem));
  return granted.public_key().key_id();
}

}  // namespace derwent::cli
