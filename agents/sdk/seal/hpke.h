#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/signature/signing_key.h"

namespace derwent::agents {

// HPKE (RFC 9180), base mode, single shot: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
inline constexpr size_t kHpkeEncSize = 65;

// Seals to a P-256 public key; returns enc ‖ ciphertext. A fresh ephemeral key each time. Thread-safe.
absl::StatusOr<std::string> HpkeSeal(const trust::PublicKey& recipient, absl::string_view info,
                                     absl::string_view associated, absl::string_view plaintext);
// As HpkeSeal with a given ephemeral key: for the RFC's test vectors only.
absl::StatusOr<std::string> HpkeSealWithEphemeral(const trust::SigningKey& ephemeral, const trust::PublicKey& recipient,
                                                  absl::string_view info, absl::string_view associated,
                                                  absl::string_view plaintext);
// Opens with the recipient's private key. Error: kDataLoss when anything differs by a bit.
absl::StatusOr<std::string> HpkeOpen(const trust::SigningKey& recipient, absl::string_view info,
                                     absl::string_view associated, absl::string_view sealed);

}  // namespace derwent::agents
