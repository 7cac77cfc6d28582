#include "agents/connectors/csv/windows_1252.h"

#include <array>

namespace derwent::connectors {
namespace {

// What 0x80 to 0x9F are, in UTF-8; empty: nothing. The octets above are the code points of the same number.
constexpr std::array<absl::string_view, 32> kSigns = {
    "€", "",  "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", "", "Ž", "",  //
    "",  "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", "", "ž", "Ÿ"};

}  // namespace

absl::StatusOr<std::string> FromWindows1252(absl::string_view octets) {
  std::string text;
  text.reserve(octets.size());
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      text.push_back(c);
    } else if (octet >= 0xA0) {
      text.push_back(static_cast<char>(0xC0 | octet >> 6));
      text.push_back(static_cast<char>(0x80 | (octet & 0x3F)));
    } else if (const absl::string_view sign = kSigns[octet - 0x80]; !sign.empty()) {
      text.append(sign.data(), sign.size());
    } else {
      return absl::InvalidArgumentError("the file is neither UTF-8 nor Windows-1252");
    }
  }
  return text;
}

}  // namespace derwent::connectors
