#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/daemon/context/own_keys.h"
#include "agents/sdk/project.h"
#include "trust/secret/random.h"
#include "trust/secret/secret_bytes.h"
#include "trust/signature/ed25519.h"

namespace derwent::agents {

// Who this agent is and the secrets it holds. Immutable but for its keys, which are followed by others; thread-safe.
struct AgencyIdentity {
  std::string agency;
  std::unique_ptr<OwnKeys> keys;
  std::map<std::string, trust::SecretBytes> reference_keys;  // By enclave.
  trust::SecretBytes storage_key;                            // Encrypts what lies in the agent's own store.
  HolderContact contact;
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
