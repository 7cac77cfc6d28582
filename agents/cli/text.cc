#include "agents/cli/text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "trust/base/encoding.h"

namespace derwent::cli {
namespace {

// Reads one code point off `rest`; false, taking one octet, when it is not well-formed UTF-8.
bool NextCodePoint(absl::string_view& rest, uint32_t& point) {
  const auto octet = [&](size_t i) { return static_cast<uint8_t>(rest[i]); };
  const uint8_t first = octet(0);
  const size_t length = first < 0x80                    ? 1
                        : first >= 0xC2 && first < 0xE0 ? 2
                        : first >= 0xE0 && first < 0xF0 ? 3
                        : first >= 0xF0 && first < 0xF5 ? 4
                                                        : 0;
  bool good = length != 0 && rest.size() >= length;
  point = length == 1 ? first : first & (0xFF >> (length + 1));
  for (size_t i = 1; good && i < length; ++i) {
    good = (octet(i) & 0xC0) == 0x80;
    point = point << 6 | (octet(i) & 0x3F);
  }
  if (good)
    good = !(length == 3 && (point < 0x800 || (point >= 0xD800 && point < 0xE000))) &&
           !(length == 4 && (point < 0x10000 || point > 0x10FFFF));
  rest.remove_prefix(good ? length : 1);
  return good;
}

bool IsUnsafe(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0x200E || point == 0x200F;
}

}  // namespace

std::string SafeText(absl::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const absl::string_view before = text;
    uint32_t point = 0;
    if (!NextCodePoint(text, point) || IsUnsafe(point))
      safe += '?';
    else
      absl::StrAppend(&safe, before.substr(0, before.size() - text.size()));
  }
  return safe;
}

size_t Width(absl::string_view safe) {
  return static_cast<size_t>(
      std::count_if(safe.begin(), safe.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

std::string JsonText(absl::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const absl::string_view before = text;
    uint32_t point = 0;
    if (!NextCodePoint(text, point))
      json += "\\ufffd";
    else if (point == '"' || point == '\\')
      absl::StrAppend(&json, "\\", before.substr(0, 1));
    else if (IsUnsafe(point))
      absl::StrAppendFormat(&json, "\\u%04x", point);
    else
      absl::StrAppend(&json, before.substr(0, before.size() - text.size()));
  }
  return json + "\"";
}

std::string TimeText(absl::string_view milliseconds) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(milliseconds, &value)) return std::string(milliseconds);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(value), absl::UTCTimeZone());
}

std::string OctetsText(absl::string_view octets) {
  const bool plain =
      std::all_of(octets.begin(), octets.end(), [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\n'; });
  return plain ? std::string(octets) : HexEncode(octets);
}

}  // namespace derwent::cli
