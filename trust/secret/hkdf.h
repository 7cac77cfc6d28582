#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

// HKDF-SHA-256 (RFC 5869), its two halves. An empty salt is 32 zero octets. Error: kInternal OpenSSL cannot.
absl::StatusOr<SecretBytes> HkdfExtract(absl::string_view salt, const SecretBytes& key);
// `size`: 255 · 32 octets at most. Error: likewise, also for more.
absl::StatusOr<SecretBytes> HkdfExpand(const SecretBytes& extracted, absl::string_view info, size_t size);

}  // namespace derwent::trust
