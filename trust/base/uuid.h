#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace derwent {

// A UUID in canonical lowercase text (RFC 9562), any version.
class Uuid {
 public:
  // Error: kInvalidArgument unless `text` is 8-4-4-4-12 lowercase hexadecimal digits and not the nil UUID.
  static absl::StatusOr<Uuid> Parse(absl::string_view text);
  // Version 4 from 16 octets of randomness that the caller hands in.
  static Uuid FromRandom(std::array<uint8_t, 16> octets);
  // Version 7: the milliseconds of `time` (from 1970, below 2^48), then the randomness handed in. Ids made one after
  // the other lie side by side in an index; they tell when they were made.
  static Uuid FromTime(absl::Time time, std::array<uint8_t, 16> octets);

  const std::string& text() const { return text_; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const Uuid& uuid) {
    return H::combine(std::move(state), uuid.text_);
  }

 private:
  static Uuid FromOctets(std::array<uint8_t, 16> octets, uint8_t version);
  explicit Uuid(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace derwent
