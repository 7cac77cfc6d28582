#include "agents/sdk/seal/unit.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/aead.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

constexpr size_t kPrefix = 4;

// Ids hold no zero octet, so the separators make the label unambiguous.
std::string Associated(const UnitLabel& label) {
  const absl::string_view zero("\0", 1);
  return absl::StrCat("derwent/unit/v1", zero, label.share_id, zero, label.version, zero, label.unit, zero,
                      label.subject, zero, label.category, zero, label.form);
}

std::string Nonce() { return std::string(trust::kAeadNonceSize, '\0'); }

}  // namespace

absl::StatusOr<size_t> SizeBucket(size_t plaintext, size_t least) {
  if (plaintext > kLargestUnit) return absl::InvalidArgumentError("a unit is over 1 MiB");
  return std::max(least, std::bit_ceil(plaintext + kPrefix));
}

absl::StatusOr<std::string> SealUnit(const trust::SecretBytes& key, const UnitLabel& label, absl::string_view plaintext,
                                     size_t least_bucket) {
  ASSIGN_OR_RETURN(const size_t bucket, SizeBucket(plaintext.size(), least_bucket));
  std::string padded;
  for (int shift = 24; shift >= 0; shift -= 8) padded.push_back(static_cast<char>(plaintext.size() >> shift & 0xff));
  absl::StrAppend(&padded, plaintext);
  padded.resize(bucket, '\0');
  const trust::SecretBytes secret(std::move(padded));
  return trust::AeadSeal(key, Nonce(), Associated(label), secret.RevealForCrypto());
}

absl::StatusOr<std::string> OpenUnit(const trust::SecretBytes& key, const UnitLabel& label, absl::string_view sealed) {
  ASSIGN_OR_RETURN(const std::string padded, trust::AeadOpen(key, Nonce(), Associated(label), sealed));
  size_t size = 0;
  for (size_t i = 0; i < std::min(kPrefix, padded.size()); ++i) size = size << 8 | static_cast<uint8_t>(padded[i]);
  if (padded.size() < kPrefix || size > padded.size() - kPrefix)
    return absl::DataLossError("the unit's padding is malformed");
  return padded.substr(kPrefix, size);
}

Sha256Digest KeyCommitment(const trust::SecretBytes& key) {
  return trust::Sha256Parts({"derwent/unit-key/v1", key.RevealForCrypto()});
}

}  // namespace derwent::agents
