#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "trust/identity/authority.h"
#include "trust/identity/revocation.h"
#include "trust/note/log_keys.h"

namespace derwent::agents {

// Files exchanged out of band: whom this agency believes, and nobody else.
struct AnchorFiles {
  std::string ca;            // PEM: roots and issuing authorities.
  std::string crl;           // PEM.
  std::string first_keys;    // JSON object: agency id to its first signing key's id.
  std::string log_key;       // The log's vkey, alone on the first line; earlier ones follow (trust/note/log_keys.h).
  std::string trust_domain;  // For instance `derwent.example`.
};

// What trust starts from. Immutable, copyable, thread-safe; an agent reads it again at each upkeep.
struct TrustAnchors {
  trust::Authority authority;
  trust::RevocationSet revoked;
  std::map<std::string, std::string> first_keys;
  trust::LogKeys log_keys;
  std::string digest;  // Of the files read: the same anchors have the same. Empty: made by hand.

  // No list of revocations that still counts means no trust. Error: kUnauthenticated.
  absl::Status CheckFresh(absl::Time now) const;

  // Errors: of the file that is missing, malformed or out of date, naming it.
  static absl::StatusOr<TrustAnchors> Load(const AnchorFiles& files, absl::Time now);
};

}  // namespace derwent::agents
