#include "trust/base/utf8.h"

namespace derwent {
namespace {

// Octets of the code point that `lead` begins; 0: none begins so.
size_t SizeOf(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// The code point that `octets`, as many as the first of them tells, stand for in its shortest form.
std::optional<uint32_t> Decode(absl::string_view octets) {
  const auto lead = static_cast<uint8_t>(octets[0]);
  uint32_t point = octets.size() == 1 ? lead : lead & (0xFF >> (octets.size() + 1));
  for (const char octet : octets.substr(1)) {
    const auto next = static_cast<uint8_t>(octet);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    point = point << 6 | (next & 0x3F);
  }
  const bool overlong = (octets.size() == 3 && point < 0x800) || (octets.size() == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  if (overlong || surrogate || point > 0x10FFFF) return std::nullopt;
  return point;
}

}  // namespace

std::optional<uint32_t> TakeCodePoint(absl::string_view& rest) {
  const size_t size = SizeOf(static_cast<uint8_t>(rest[0]));
  const bool whole = size != 0 && size <= rest.size();
  const std::optional<uint32_t> point = whole ? Decode(rest.substr(0, size)) : std::nullopt;
  rest.remove_prefix(point.has_value() ? size : 1);
  return point;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    if (!TakeCodePoint(text).has_value()) return false;
  }
  return true;
}

}  // namespace derwent
