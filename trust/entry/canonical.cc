#include "trust/entry/canonical.h"

namespace derwent::trust {
namespace {

// Takes `size` octets from the front; false when there are fewer.
bool Take(absl::string_view& rest, size_t size, absl::string_view& taken) {
  if (rest.size() < size) return false;
  taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

bool TakeNumber(absl::string_view& rest, size_t size, uint64_t& number) {
  absl::string_view octets;
  if (!Take(rest, size, octets)) return false;
  number = 0;
  for (const char octet : octets) number = number << 8 | static_cast<uint8_t>(octet);
  return true;
}

// u32be length ‖ octets.
bool TakeSized(absl::string_view& rest, absl::string_view& taken) {
  uint64_t size = 0;
  return TakeNumber(rest, 4, size) && Take(rest, size, taken);
}

}  // namespace

CanonicalWriter::CanonicalWriter(absl::string_view domain) {
  Length(domain.size());
  octets_.append(domain.data(), domain.size());
}

void CanonicalWriter::Length(size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) octets_.push_back(static_cast<char>(length >> shift & 0xff));
}

void CanonicalWriter::Head(uint16_t number, size_t length) {
  octets_.push_back(static_cast<char>(number >> 8));
  octets_.push_back(static_cast<char>(number & 0xff));
  Length(length);
}

void CanonicalWriter::Text(uint16_t number, absl::string_view value) {
  Head(number, value.size());
  octets_.append(value.data(), value.size());
}

void CanonicalWriter::Number(uint16_t number, uint64_t value) {
  Head(number, 8);
  for (int shift = 56; shift >= 0; shift -= 8) octets_.push_back(static_cast<char>(value >> shift & 0xff));
}

void CanonicalWriter::Bool(uint16_t number, bool value) {
  Head(number, 1);
  octets_.push_back(value ? '\1' : '\0');
}

void CanonicalWriter::List(uint16_t number, const std::vector<std::string>& items) {
  size_t size = 4;
  for (const std::string& item : items) size += 4 + item.size();
  Head(number, size);
  Length(items.size());
  for (const std::string& item : items) {
    Length(item.size());
    octets_.append(item);
  }
}

absl::StatusOr<CanonicalReader> CanonicalReader::Parse(absl::string_view domain, absl::string_view octets) {
  const absl::Status malformed = absl::InvalidArgumentError("canonical octets do not have their shape");
  absl::string_view named;
  if (!TakeSized(octets, named) || named != domain) return malformed;
  CanonicalReader reader;
  uint64_t last = 0;
  while (!octets.empty()) {
    uint64_t number = 0;
    absl::string_view value;
    if (!TakeNumber(octets, 2, number) || number <= last || !TakeSized(octets, value)) return malformed;
    reader.fields_.emplace(static_cast<uint16_t>(number), value);
    last = number;
  }
  return reader;
}

std::optional<std::string> CanonicalReader::Text(uint16_t number) const {
  const auto found = fields_.find(number);
  return found == fields_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<uint64_t> CanonicalReader::Number(uint16_t number) const {
  const auto found = fields_.find(number);
  if (found == fields_.end() || found->second.size() != 8) return std::nullopt;
  absl::string_view rest = found->second;
  uint64_t value = 0;
  TakeNumber(rest, 8, value);
  return value;
}

std::optional<bool> CanonicalReader::Bool(uint16_t number) const {
  const auto found = fields_.find(number);
  if (found == fields_.end() || found->second.size() != 1 || static_cast<uint8_t>(found->second[0]) > 1)
    return std::nullopt;
  return found->second[0] == 1;
}

std::optional<std::vector<std::string>> CanonicalReader::List(uint16_t number) const {
  const auto found = fields_.find(number);
  if (found == fields_.end()) return std::nullopt;
  absl::string_view rest = found->second;
  uint64_t count = 0;
  if (!TakeNumber(rest, 4, count)) return std::nullopt;
  std::vector<std::string> items;
  for (absl::string_view item; items.size() < count; items.emplace_back(item)) {
    if (!TakeSized(rest, item)) return std::nullopt;
  }
  return rest.empty() ? std::optional(std::move(items)) : std::nullopt;
}

}  // namespace derwent::trust
