#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace derwent::trust {

// Takes the lines of a text off one after the other, counted from 1. The text must outlive it.
class Lines {
 public:
  explicit Lines(absl::string_view text) : rest_(text) {}
  // The next line, without its newline; empty and false when no newline is left.
  bool Next(absl::string_view& line);
  // Of the line asked for last, were it there or not; 0 before the first.
  size_t number() const { return number_; }
  // What follows the line taken last.
  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
  size_t number_ = 0;
};

// A decimal number up to 2^63 - 1 without leading zeros; nullopt: the text is none.
std::optional<uint64_t> ParseDecimal(absl::string_view text);

// kInvalidArgument: which line of what breaks which rule.
absl::Status RefuseLine(size_t number, absl::string_view what, absl::string_view rule);

}  // namespace derwent::trust
