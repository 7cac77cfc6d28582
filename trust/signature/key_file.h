#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::trust {

// Reads a private file. Errors: kNotFound; kPermissionDenied when anyone but its owner may read or write it (mode 0600
// or stricter is required); kInvalidArgument over 64 KiB.
absl::StatusOr<SecretBytes> ReadSecretFile(absl::string_view path);

// Reads any file. Errors: kNotFound; kInvalidArgument over `limit` octets.
absl::StatusOr<std::string> ReadFile(absl::string_view path, size_t limit = 16 << 20);

}  // namespace derwent::trust
