#include "trust/base/digest.h"

#include <cstring>

#include "absl/status/status.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

namespace derwent {

absl::StatusOr<Sha256Digest> Sha256Digest::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kSize) return absl::InvalidArgumentError("a SHA-256 digest is 32 octets long");
  Sha256Digest digest;
  std::memcpy(digest.data(), bytes.data(), kSize);
  return digest;
}

absl::StatusOr<Sha256Digest> Sha256Digest::FromHex(absl::string_view hex) {
  ASSIGN_OR_RETURN(const std::string bytes, HexDecode(hex));
  return FromBytes(bytes);
}

std::string Sha256Digest::hex() const { return HexEncode(view()); }

}  // namespace derwent
