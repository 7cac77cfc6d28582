#include "agents/daemon/context/identity.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/aead.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

std::string Binding(absl::string_view share_id) {
  return absl::StrCat("derwent/agent-store/v1", absl::string_view("\0", 1), share_id);
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::Status MakePrivateFile(const std::string& path, const trust::SecretBytes& secret) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return absl::UnavailableError(absl::StrCat("cannot make `", path, "`: ", std::generic_category().message(errno)));
  const absl::string_view octets = secret.RevealForCrypto();
  const bool written =
      write(file, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) && fsync(file) == 0;
  close(file);
  return written ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write `", path, "`"));
}

}  // namespace

absl::StatusOr<std::string> SealForStore(const AgencyIdentity& identity, absl::string_view share_id,
                                         absl::string_view plaintext, trust::Random& random) {
  const std::string nonce = random.Bytes(trust::kAeadNonceSize);
  ASSIGN_OR_RETURN(const std::string sealed,
                   trust::AeadSeal(identity.storage_key, nonce, Binding(share_id), plaintext));
  return absl::StrCat(nonce, sealed);
}

absl::StatusOr<std::string> OpenFromStore(const AgencyIdentity& identity, absl::string_view share_id,
                                          absl::string_view sealed) {
  if (sealed.size() < trust::kAeadNonceSize) return absl::DataLossError("stored content is malformed");
  return trust::AeadOpen(identity.storage_key, sealed.substr(0, trust::kAeadNonceSize), Binding(share_id),
                         sealed.substr(trust::kAeadNonceSize));
}

absl::StatusOr<trust::SecretBytes> LoadSecret(const std::string& path, bool make, trust::Random& random) {
  if (make && !Exists(path))
    RETURN_IF_ERROR(MakePrivateFile(path, trust::SecretBytes(random.Bytes(trust::kAeadKeySize))));
  ASSIGN_OR_RETURN(trust::SecretBytes secret, trust::ReadSecretFile(path));
  if (secret.size() != trust::kAeadKeySize)
    return absl::InvalidArgumentError(absl::StrCat("`", path, "` does not hold 32 octets"));
  return secret;
}

absl::StatusOr<trust::Ed25519Key> LoadOrMakeKey(const std::string& path, trust::Random& random) {
  if (!Exists(path)) {
    ASSIGN_OR_RETURN(const trust::Ed25519Key fresh,
                     trust::Ed25519Key::FromSeed(trust::SecretBytes(random.Bytes(trust::kEd25519SeedSize))));
    ASSIGN_OR_RETURN(const trust::SecretBytes pem, fresh.ToPem());
    RETURN_IF_ERROR(MakePrivateFile(path, pem));
  }
  return trust::Ed25519Key::FromFile(path);
}

}  // namespace derwent::agents
