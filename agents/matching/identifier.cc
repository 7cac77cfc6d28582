#include "agents/matching/identifier.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "trust/base/london.h"

namespace derwent::matching {
namespace {

constexpr absl::string_view kCheckLetters = "ZABCDEFGHJKLMNPQRTUVWXY";  // PNC and CRO: no I, O, S.
constexpr absl::string_view kPupilLetters = "ABCDEFGHJKLMNPQRTUVWXYZ";  // UPN.

// Capitals without the characters people put between digits.
std::string Compact(absl::string_view text, absl::string_view dropped = " -") {
  std::string compact = absl::AsciiStrToUpper(text);
  std::erase_if(compact, [&](char c) { return dropped.find(c) != absl::string_view::npos; });
  return compact;
}

bool Digits(absl::string_view text) { return !text.empty() && std::ranges::all_of(text, absl::ascii_isdigit); }

// `pattern`: `9` a digit, `A` a capital letter, all else itself.
bool Fits(absl::string_view text, absl::string_view pattern) {
  return text.size() == pattern.size() && std::ranges::equal(text, pattern, [](char c, char want) {
           return want == '9' ? absl::ascii_isdigit(c) : want == 'A' ? absl::ascii_isupper(c) : c == want;
         });
}

// Remainder of a number of digits by `modulus`.
int Remainder(absl::string_view digits, int modulus) {
  int rest = 0;
  for (const char c : digits) rest = (rest * 10 + (c - '0')) % modulus;
  return rest;
}

char CheckLetter(absl::string_view year, absl::string_view serial) {
  return kCheckLetters[static_cast<size_t>(Remainder(absl::StrCat(year, serial), 23))];
}

std::string Padded(absl::string_view digits, size_t size) {
  return absl::StrCat(std::string(size - std::min(size, digits.size()), '0'), digits);
}

// Modulus 11 (NHS Data Dictionary).
std::optional<std::string> Nhs(absl::string_view text) {
  std::string value = Compact(text);
  if (!Fits(value, "9999999999") || std::ranges::all_of(value, [&](char c) { return c == value.front(); }))
    return std::nullopt;
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (value[static_cast<size_t>(i)] - '0') * (10 - i);
  if ((11 - sum % 11) % 11 != value.back() - '0') return std::nullopt;
  return value;
}

// `YYYY/NNNNNNNL`; also without the slash, with a serial not padded, and with a year of two digits.
std::optional<std::string> Pnc(absl::string_view text, int this_year) {
  std::string value = Compact(text);
  const size_t slash = value.find('/');
  if (slash != std::string::npos) value.erase(slash, 1);
  if (value.size() < 4 || value.size() > 12 || !absl::ascii_isupper(static_cast<unsigned char>(value.back())))
    return std::nullopt;
  const size_t year_size = value.size() == 12 || slash == 4 ? 4 : 2;
  if (!Digits(absl::string_view(value).substr(0, value.size() - 1)) ||
      (slash != std::string::npos && slash != year_size))
    return std::nullopt;
  std::string year = value.substr(0, year_size);
  const std::string serial = Padded(absl::string_view(value).substr(year_size, value.size() - year_size - 1), 7);
  if (serial.size() != 7 || CheckLetter(year.substr(year.size() - 2), serial) != value.back()) return std::nullopt;
  if (year_size == 2) year = absl::StrCat(std::stoi(year) <= this_year % 100 ? "20" : "19", year);
  return absl::StrCat(year, "/", serial, value.substr(value.size() - 1));
}

// `NNNNNN/YYL`, serial padded to six; or of the search file `SFYY/N…L`, not padded. `000000/00Z` is a placeholder.
std::optional<std::string> Cro(absl::string_view text) {
  const std::string value = Compact(text);
  const size_t slash = value.find('/');
  if (slash == std::string::npos || value.size() < 5 || !absl::ascii_isupper(static_cast<unsigned char>(value.back())))
    return std::nullopt;
  const std::string before = value.substr(0, slash);
  const std::string after = value.substr(slash + 1, value.size() - slash - 2);
  const bool search_file = Fits(before, "SF99");
  const std::string year = search_file ? before.substr(2) : after;
  const std::string serial = search_file ? after : before;
  if (!Fits(year, "99") || !Digits(serial) || serial.size() > 6) return std::nullopt;
  if (CheckLetter(year, search_file ? serial : Padded(serial, 6)) != value.back() || Remainder(serial, 999'983) == 0)
    return std::nullopt;
  return search_file ? value : absl::StrCat(Padded(serial, 6), "/", year, value.substr(value.size() - 1));
}

std::optional<std::string> Nino(absl::string_view text) {
  std::string value = Compact(text);
  if (!Fits(value, "AA999999A") || value.back() > 'D') return std::nullopt;
  static constexpr absl::string_view kNever[] = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
  const absl::string_view prefix = absl::string_view(value).substr(0, 2);
  if (std::ranges::find(kNever, prefix) != std::end(kNever)) return std::nullopt;
  const bool letters = absl::string_view("DFIQUV").find(prefix[0]) == absl::string_view::npos &&
                       absl::string_view("DFIOQUV").find(prefix[1]) == absl::string_view::npos;
  if (!letters) return std::nullopt;
  return value;
}

// Weights 2 to 13 over the twelve digits, modulus 23 (DfE).
std::optional<std::string> Upn(absl::string_view text) {
  std::string value = Compact(text);
  if (!Fits(value, "A999999999999")) return std::nullopt;
  int sum = 0;
  for (size_t i = 1; i < value.size(); ++i) sum += (value[i] - '0') * static_cast<int>(i + 1);
  if (kPupilLetters[static_cast<size_t>(sum % 23)] != value.front()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> CanonicalIdentifier(v1::IdentifierType type, absl::string_view text, int this_year) {
  std::string value = Compact(text);
  switch (type) {
    case v1::IDENTIFIER_TYPE_NHS:
      return Nhs(text);
    case v1::IDENTIFIER_TYPE_PNC:
      return Pnc(text, this_year);
    case v1::IDENTIFIER_TYPE_CRO:
      return Cro(text);
    case v1::IDENTIFIER_TYPE_NINO:
      return Nino(text);
    case v1::IDENTIFIER_TYPE_UPN:
      return Upn(text);
    case v1::IDENTIFIER_TYPE_CRN:
      return Fits(value, "A999999") || Fits(value, "AA999999") ? std::optional(value) : std::nullopt;
    case v1::IDENTIFIER_TYPE_NOMS:
      return Fits(value, "A9999AA") ? std::optional(value) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<std::string> CanonicalUprn(absl::string_view text) {
  const absl::string_view digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  if (!Digits(digits) || digits.size() > 12) return std::nullopt;
  return std::string(digits);
}

std::optional<std::string> CanonicalPostcode(absl::string_view text) {
  const std::string code = Compact(text, " ");
  if (code.size() < 5 || code.size() > 7) return std::nullopt;
  const std::string outward = code.substr(0, code.size() - 3);
  const std::string inward = code.substr(code.size() - 3);
  bool fits = false;
  for (const char* pattern : {"A9", "A99", "AA9", "AA99", "A9A", "AA9A"}) fits = fits || Fits(outward, pattern);
  const auto never = [](char c) { return absl::string_view("CIKMOV").find(c) != absl::string_view::npos; };
  if (!fits || !Fits(inward, "9AA") || never(inward[1]) || never(inward[2])) return std::nullopt;
  if (outward == "ZZ99" || (outward == "NF1" && (inward == "1NF" || inward == "1FA"))) return std::nullopt;
  return absl::StrCat(outward, " ", inward);
}

std::optional<std::string> CanonicalBirthDate(absl::string_view text) {
  if (text == "1900-01-01" || text == "1970-01-01" || !Fits(text, "9999-99-99") || !ParseDay(text).ok())
    return std::nullopt;
  return std::string(text);
}

std::optional<std::string> CanonicalContact(absl::string_view text) {
  const size_t at = text.find('@');
  if (at != absl::string_view::npos && at > 0 && text.find('.', at) != absl::string_view::npos)
    return absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  std::string digits = Compact(text, " -()");
  if (absl::StartsWith(digits, "+44")) digits.replace(0, 3, "0");
  if (absl::StartsWith(digits, "0044")) digits.replace(0, 4, "0");
  if (!Digits(digits) || digits.front() != '0' || digits.size() < 10 || digits.size() > 11) return std::nullopt;
  return digits;
}

}  // namespace derwent::matching
