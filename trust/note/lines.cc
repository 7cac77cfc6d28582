#include "trust/note/lines.h"

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

absl::Status RefuseLine(size_t number, absl::string_view what, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("line ", number, " of the ", what, ": ", rule));
}

}  // namespace derwent::trust
