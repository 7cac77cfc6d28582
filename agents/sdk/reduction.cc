#include "agents/sdk/reduction.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "trust/secret/hmac.h"

namespace derwent::agents {
namespace {

constexpr size_t kPseudonymSize = 16;
constexpr size_t kHeadSize = 10;

bool Digits(absl::string_view text) { return !text.empty() && std::ranges::all_of(text, absl::ascii_isdigit); }

bool IsYear(absl::string_view date) {
  return date.size() >= 4 && Digits(date.substr(0, 4)) && (date.size() == 4 || date[4] == '-');
}

bool LowerHex(absl::string_view text) {
  return std::ranges::all_of(text, [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

// Number of octets of the UTF-8 character that starts with `lead`; 1 for what is not a lead octet.
size_t CharacterSize(char lead) {
  const auto octet = static_cast<uint8_t>(lead);
  return octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : octet >= 0xc0 ? 2 : 1;
}

std::vector<absl::string_view> Characters(absl::string_view text) {
  std::vector<absl::string_view> characters;
  while (!text.empty()) {
    const size_t size = std::min(CharacterSize(text.front()), text.size());
    characters.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return characters;
}

// A9, A99, AA9, AA99, A9A, AA9A.
bool IsOutward(absl::string_view text) {
  size_t letters = 0;
  while (letters < text.size() && absl::ascii_isupper(text[letters])) ++letters;
  if (letters < 1 || letters > 2) return false;
  const absl::string_view rest = text.substr(letters);
  if (rest.empty() || rest.size() > 2 || !absl::ascii_isdigit(rest[0])) return false;
  return rest.size() == 1 || absl::ascii_isdigit(rest[1]) || absl::ascii_isupper(rest[1]);
}

bool IsInward(absl::string_view text) {
  return text.size() == 3 && absl::ascii_isdigit(text[0]) && absl::ascii_isupper(text[1]) &&
         absl::ascii_isupper(text[2]);
}

}  // namespace

std::string CutToMonth(absl::string_view date) {
  if (!IsYear(date)) return "";
  if (date.size() == 4) return std::string(date);
  const bool month = date.size() >= 7 && Digits(date.substr(5, 2)) && (date.size() == 7 || date[7] == '-');
  return month ? std::string(date.substr(0, 7)) : "";
}

std::string CutToYear(absl::string_view date) { return IsYear(date) ? std::string(date.substr(0, 4)) : ""; }

std::string OutwardPostcode(absl::string_view postcode) {
  absl::string_view outward = postcode;
  if (outward.size() > 3 && IsInward(outward.substr(outward.size() - 3))) {
    outward = absl::StripTrailingAsciiWhitespace(outward.substr(0, outward.size() - 3));
  }
  return IsOutward(outward) ? std::string(outward) : "";
}

std::string Initials(absl::string_view words) {
  std::vector<std::string> initials;
  for (const absl::string_view word : absl::StrSplit(words, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty())) {
    initials.push_back(absl::StrCat(Characters(word).front(), "."));
  }
  return absl::StrJoin(initials, " ");
}

std::string MaskValue(absl::string_view value) {
  const std::vector<absl::string_view> characters = Characters(value);
  std::string masked;
  for (size_t i = 0; i < characters.size(); ++i) {
    const bool shown = characters.size() > 3 && i + 3 >= characters.size();
    absl::StrAppend(&masked, shown ? characters[i] : absl::string_view("*"));
  }
  return masked;
}

int64_t BandOfTen(int64_t number) {
  const int64_t rest = number % 10;
  return number - (rest < 0 ? rest + 10 : rest);
}

std::string Pseudonymiser::Proof(absl::string_view head) const {
  return trust::HmacSha256(key_, absl::StrCat("derwent/pseudonym-proof/v1", head))
      .hex()
      .substr(0, kPseudonymSize - kHeadSize);
}

std::string Pseudonymiser::Apply(absl::string_view value) const {
  if (value.empty()) return "";
  const bool shaped = value.size() == kPseudonymSize && LowerHex(value);
  if (key_.empty()) return shaped ? std::string(value) : "";
  if (shaped && Proof(value.substr(0, kHeadSize)) == value.substr(kHeadSize)) return std::string(value);
  const std::string head =
      trust::HmacSha256(key_, absl::StrCat("derwent/pseudonym/v1", value)).hex().substr(0, kHeadSize);
  return absl::StrCat(head, Proof(head));
}

}  // namespace derwent::agents
