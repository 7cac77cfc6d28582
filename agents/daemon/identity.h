#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/sdk/project.h"
#include "trust/identity/certificate.h"
#include "trust/secret/random.h"
#include "trust/secret/secret_bytes.h"
#include "trust/signature/ed25519.h"
#include "trust/signature/signing_key.h"

namespace derwent::agents {

// A private key with its certificate.
struct CertifiedKey {
  trust::SigningKey key;
  trust::Certificate certificate;

  // Errors: of the files; kInvalidArgument when the certificate is of another key.
  static absl::StatusOr<CertifiedKey> Load(const std::string& key_file, const std::string& certificate_file);
};

// Who this agent is and the secrets it holds. Immutable, thread-safe.
struct AgencyIdentity {
  std::string agency;
  std::unique_ptr<CertifiedKey> signing;
  std::vector<std::unique_ptr<CertifiedKey>>
      sealing;  // The newest first; older ones still open what was sealed to them.
  std::map<std::string, trust::SecretBytes> reference_keys;  // By enclave.
  trust::SecretBytes storage_key;                            // Encrypts what lies in the agent's own store.
  HolderContact contact;

  const trust::SigningKey* SealingKey(absl::string_view key_id) const;
  // Key ids of everything this agent made.
  std::set<std::string> OwnKeyIds() const;
};

// Encrypts content for the agent's own store, bound to its share. A fresh nonce each time.
absl::StatusOr<std::string> SealForStore(const AgencyIdentity& identity, absl::string_view share_id,
                                         absl::string_view plaintext, trust::Random& random);
// Error: kDataLoss.
absl::StatusOr<std::string> OpenFromStore(const AgencyIdentity& identity, absl::string_view share_id,
                                          absl::string_view sealed);

// Reads 32 octets from a private file; makes it first when `make` and there is none.
absl::StatusOr<trust::SecretBytes> LoadSecret(const std::string& path, bool make, trust::Random& random);

// Reads an Ed25519 key from a private file; makes it first when there is none.
absl::StatusOr<trust::Ed25519Key> LoadOrMakeKey(const std::string& path, trust::Random& random);

}  // namespace derwent::agents
