#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent {

// Lowercase hexadecimal.
std::string HexEncode(absl::string_view octets);
// Accepts lowercase digits only, an even number of them. Error: kInvalidArgument.
absl::StatusOr<std::string> HexDecode(absl::string_view hex);

// Standard base64 with padding (RFC 4648 section 4).
std::string Base64Encode(absl::string_view octets);
// Strict: no white space, correct padding, no non-zero trailing bits. Error: kInvalidArgument.
absl::StatusOr<std::string> Base64Decode(absl::string_view text);

}  // namespace derwent
