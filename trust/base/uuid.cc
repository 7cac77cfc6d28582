#include "trust/base/uuid.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace derwent {

absl::StatusOr<Uuid> Uuid::Parse(absl::string_view text) {
  const auto refuse = [] { return absl::InvalidArgumentError("not a UUID in lowercase 8-4-4-4-12 form"); };
  if (text.size() != 36) return refuse();
  bool nil = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return refuse();
    if (!dash && (!absl::ascii_isxdigit(text[i]) || absl::ascii_isupper(text[i]))) return refuse();
    nil = nil && (dash || text[i] == '0');
  }
  if (nil) return absl::InvalidArgumentError("the nil UUID is not an id");
  return Uuid(std::string(text));
}

Uuid Uuid::FromRandom(std::array<uint8_t, 16> octets) { return FromOctets(octets, 4); }

Uuid Uuid::FromTime(absl::Time time, std::array<uint8_t, 16> octets) {
  const auto millis = static_cast<uint64_t>(absl::ToUnixMillis(time));
  for (size_t i = 0; i < 6; ++i) octets[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
  return FromOctets(octets, 7);
}

Uuid Uuid::FromOctets(std::array<uint8_t, 16> octets, uint8_t version) {
  octets[6] = static_cast<uint8_t>((octets[6] & 0x0f) | version << 4);
  octets[8] = static_cast<uint8_t>((octets[8] & 0x3f) | 0x80);
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
  const absl::string_view h = hex;
  return Uuid(
      absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4), "-", h.substr(16, 4), "-", h.substr(20)));
}

}  // namespace derwent
