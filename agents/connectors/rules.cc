#include "agents/connectors/rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "trust/base/london.h"

namespace derwent::connectors {
namespace {

std::string Without(std::string text, absl::string_view dropped) {
  std::erase_if(text, [&](char c) { return dropped.find(c) != absl::string_view::npos; });
  return text;
}

// The check digit of an NHS number, modulus 11 (NHS Data Dictionary).
bool IsNhsNumber(const std::string& value) {
  if (value.size() != 10 || !std::ranges::all_of(value, absl::ascii_isdigit)) return false;
  if (std::ranges::all_of(value, [&](char c) { return c == value.front(); })) return false;
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (value[static_cast<size_t>(i)] - '0') * (10 - i);
  return (11 - sum % 11) % 11 == value.back() - '0';
}

std::optional<std::string> ReadDate(std::string text) {
  // ISO 8601 parts day and time with a T, databases with a space.
  if (text.size() > 10 && (text[10] == 'T' || text[10] == ' ')) text.resize(10);
  const std::string whole = text.size() == 4 ? text + "-01-01" : text.size() == 7 ? text + "-01" : text;
  if (!ParseDay(whole).ok()) return std::nullopt;
  return text;
}

std::optional<std::string> ReadNhsNumber(const std::string& text) {
  const std::string digits = Without(text, " -");
  if (!IsNhsNumber(digits)) return std::nullopt;
  return digits;
}

std::optional<std::string> ReadPostcode(const std::string& text) {
  const std::string code = Without(absl::AsciiStrToUpper(text), " ");
  if (code.size() < 5 || code.size() > 7) return std::nullopt;
  const size_t inward = code.size() - 3;
  const bool fits = absl::ascii_isalpha(static_cast<unsigned char>(code[0])) &&
                    absl::ascii_isdigit(static_cast<unsigned char>(code[inward])) &&
                    absl::ascii_isalpha(static_cast<unsigned char>(code[inward + 1])) &&
                    absl::ascii_isalpha(static_cast<unsigned char>(code[inward + 2]));
  if (!fits || !std::ranges::all_of(code, absl::ascii_isalnum)) return std::nullopt;
  return absl::StrCat(code.substr(0, inward), " ", code.substr(inward));
}

std::optional<std::string> ReadUprn(const std::string& text) {
  const std::string digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  if (digits.empty() || digits.size() > 12 || !std::ranges::all_of(digits, absl::ascii_isdigit)) return std::nullopt;
  return digits;
}

absl::StatusOr<std::string> OrError(std::optional<std::string> value, absl::string_view rule) {
  if (!value.has_value()) return absl::InvalidArgumentError(rule);
  return *std::move(value);
}

}  // namespace

std::optional<Rule> RuleNamed(absl::string_view name) {
  if (name.empty() || name == "text") return Rule::kText;
  if (name == "date") return Rule::kDate;
  if (name == "nhs") return Rule::kNhsNumber;
  if (name == "postcode") return Rule::kPostcode;
  if (name == "uprn") return Rule::kUprn;
  return std::nullopt;
}

absl::StatusOr<std::string> ReadValue(Rule rule, const std::string& text) {
  switch (rule) {
    case Rule::kText:
      return text;
    case Rule::kDate:
      return OrError(ReadDate(text), "must be an ISO date");
    case Rule::kNhsNumber:
      return OrError(ReadNhsNumber(text), "must be an NHS number with a right check digit");
    case Rule::kPostcode:
      return OrError(ReadPostcode(text), "must be a postcode");
    case Rule::kUprn:
      return OrError(ReadUprn(text), "must be a UPRN of 1 to 12 digits");
  }
  return absl::InternalError("a rule that nothing reads");
}

}  // namespace derwent::connectors
