#pragma once

#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

// HMAC-SHA-256 (RFC 2104). Thread-safe.
Sha256Digest HmacSha256(const SecretBytes& key, absl::string_view message);

}  // namespace derwent::trust
