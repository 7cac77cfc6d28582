#include "agents/cli/terminal/text.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "trust/base/encoding.h"
#include "trust/base/utf8.h"
#include "trust/message/timestamp.h"

namespace derwent::cli {
namespace {

bool IsUnsafe(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0x200E || point == 0x200F;
}

}  // namespace

std::string SafeText(absl::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const absl::string_view before = text;
    const std::optional<uint32_t> point = TakeCodePoint(text);
    if (!point.has_value() || IsUnsafe(*point))
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
    const std::optional<uint32_t> point = TakeCodePoint(text);
    if (!point.has_value())
      json += "\\ufffd";
    else if (*point == '"' || *point == '\\')
      absl::StrAppend(&json, "\\", before.substr(0, 1));
    else if (IsUnsafe(*point))
      absl::StrAppendFormat(&json, "\\u%04x", *point);
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

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", trust::FromTimestamp(time), absl::UTCTimeZone());
}

std::string OctetsText(absl::string_view octets) {
  const bool plain =
      std::all_of(octets.begin(), octets.end(), [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\n'; });
  return plain ? std::string(octets) : HexEncode(octets);
}

}  // namespace derwent::cli
