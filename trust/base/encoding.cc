#include "trust/base/encoding.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"

namespace derwent {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string HexEncode(absl::string_view octets) { return absl::BytesToHexString(octets); }

absl::StatusOr<std::string> HexDecode(absl::string_view hex) {
  if (hex.size() % 2 != 0) return absl::InvalidArgumentError("hexadecimal text has an odd number of digits");
  std::string octets;
  octets.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexValue(hex[i]);
    const int low = HexValue(hex[i + 1]);
    if (high < 0 || low < 0)
      return absl::InvalidArgumentError("hexadecimal text holds another character than 0-9 and a-f");
    octets.push_back(static_cast<char>(high * 16 + low));
  }
  return octets;
}

std::string Base64Encode(absl::string_view octets) { return absl::Base64Escape(octets); }

absl::StatusOr<std::string> Base64Decode(absl::string_view text) {
  std::string octets;
  // Abseil's decoder is lenient; what does not encode back to the same text is refused.
  if (!absl::Base64Unescape(text, &octets) || absl::Base64Escape(octets) != text) {
    return absl::InvalidArgumentError("not canonical base64 with padding");
  }
  return octets;
}

}  // namespace derwent
