#include "policy/loader/written_request.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

#include "trust/base/uuid.h"

namespace derwent::policy {
namespace {

constexpr size_t kShortest = 3;
constexpr size_t kLongest = 40;
constexpr size_t kLongestRun = 8;  // A word is longer, and so is a telephone number.

bool IsMark(char c) { return c == '.' || c == '/' || c == '-'; }

// Its shape: `A` a letter, `0` a digit, `.` a mark. Empty: another character stands in it.
std::string ShapeOf(absl::string_view text) {
  std::string shape;
  for (const char c : text) {
    if (!absl::ascii_isupper(c) && !absl::ascii_isdigit(c) && !IsMark(c)) return "";
    shape += absl::ascii_isdigit(c) ? '0' : IsMark(c) ? '.' : 'A';
  }
  return shape;
}

bool IsWithin(absl::string_view digits, int least, int most) {
  int number = 0;
  return absl::SimpleAtoi(digits, &number) && number >= least && number <= most;
}

bool IsDay(absl::string_view year, absl::string_view month, absl::string_view day) {
  return IsWithin(year, 1900, 2099) && IsWithin(month, 1, 12) && IsWithin(day, 1, 31);
}

// As it is written in a file, or in England.
bool HoldsDate(absl::string_view text, absl::string_view shape) {
  for (size_t i = 0; i < text.size(); ++i) {
    const absl::string_view at = shape.substr(i);
    const absl::string_view from = text.substr(i);
    if (absl::StartsWith(at, "0000.00.00") && IsDay(from.substr(0, 4), from.substr(5, 2), from.substr(8, 2)))
      return true;
    if (absl::StartsWith(at, "00.00.0000") && IsDay(from.substr(6, 4), from.substr(3, 2), from.substr(0, 2)))
      return true;
  }
  return false;
}

}  // namespace

bool IsDocumentReference(absl::string_view text) {
  if (Uuid::Parse(text).ok()) return true;
  if (text.size() < kShortest || text.size() > kLongest) return false;
  const std::string shape = ShapeOf(text);
  const bool numbered = absl::StartsWith(shape, "A") && absl::StrContains(shape, '0');
  const bool runs_on = absl::StrContains(shape, std::string(kLongestRun + 1, 'A')) ||
                       absl::StrContains(shape, std::string(kLongestRun + 1, '0'));
  return numbered && !runs_on && !HoldsDate(text, shape);
}

}  // namespace derwent::policy
