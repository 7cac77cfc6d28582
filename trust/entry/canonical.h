#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace derwent::trust {

// Writes the canonical octets of a hashed structure (FORMAT.md): each field once, in ascending order, as
// u16be number ‖ u32be length ‖ value. A list's value is u32be count, then u32be length ‖ octets of each item;
// an unsigned number's value is 8 octets, big-endian; a truth value's is one octet. Never protobuf serialisation.
class CanonicalWriter {
 public:
  // `domain` separates structures: written first, as length-prefixed octets.
  explicit CanonicalWriter(absl::string_view domain);

  void Text(uint16_t number, absl::string_view value);
  void Number(uint16_t number, uint64_t value);
  void Bool(uint16_t number, bool value);
  void List(uint16_t number, const std::vector<std::string>& items);

  const std::string& octets() const { return octets_; }

 private:
  void Head(uint16_t number, size_t length);
  void Length(size_t length);
  std::string octets_;
};

}  // namespace derwent::trust
