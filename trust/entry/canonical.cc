#include "trust/entry/canonical.h"

namespace derwent::trust {

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

}  // namespace derwent::trust
