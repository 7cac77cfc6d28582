#include "trust/note/lines.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace derwent::trust {

bool Lines::Next(absl::string_view& line) {
  ++number_;
  const size_t end = rest_.find('\n');
  line = {};
  if (end == absl::string_view::npos) return false;
  line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return true;
}

std::optional<uint64_t> ParseDecimal(absl::string_view text) {
  uint64_t number = 0;
  if (text.empty() || (text.size() > 1 && text[0] == '0') ||
      text.find_first_not_of("0123456789") != absl::string_view::npos || !absl::SimpleAtoi(text, &number) ||
      number > std::numeric_limits<int64_t>::max())
    return std::nullopt;
  return number;
}

absl::Status RefuseLine(size_t number, absl::string_view what, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("line ", number, " of the ", what, ": ", rule));
}

}  // namespace derwent::trust
