#pragma once

#include <iosfwd>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

// Content sealed in records, so that neither side holds it whole: RFC 8188 `aes128gcm` (HKDF-SHA-256, AES-128-GCM, a
// last record that says so). Any implementation of the RFC opens it.
struct ContentHeader {
  std::string salt;        // 16 octets; never twice under one key.
  uint32_t record = 4096;  // Octets of a sealed record; 18 at least.
  std::string key_id;      // 255 octets at most.
};

// Reads `from` to its end. Errors: kInvalidArgument a header that cannot be; kUnavailable a stream that fails.
absl::Status SealContent(const SecretBytes& key, const ContentHeader& header, std::istream& from, std::ostream& to);

// `key_of` gives the key of a header's id. What was written to `to` is to be believed only once this returns OK: a cut
// or changed end shows at the end. Errors: of `key_of`; kDataLoss anything differs by a bit, is missing or follows;
// kUnavailable a stream that fails.
absl::Status OpenContent(absl::FunctionRef<absl::StatusOr<SecretBytes>(absl::string_view key_id)> key_of,
                         std::istream& from, std::ostream& to);

}  // namespace derwent::trust
