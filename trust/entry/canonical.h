#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
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

// The fields of such octets. Views into them, which must outlive it. Says nothing of whether a writer would have
// written exactly these: who must know writes them again and compares.
class CanonicalReader {
 public:
  // Error: kInvalidArgument another domain, not the shape, a number that does not ascend, or something that follows.
  static absl::StatusOr<CanonicalReader> Parse(absl::string_view domain, absl::string_view octets);

  // Absent, or not of that type: nullopt.
  std::optional<std::string> Text(uint16_t number) const;
  std::optional<uint64_t> Number(uint16_t number) const;
  std::optional<bool> Bool(uint16_t number) const;
  std::optional<std::vector<std::string>> List(uint16_t number) const;

 private:
  std::map<uint16_t, absl::string_view> fields_;
};

}  // namespace derwent::trust
