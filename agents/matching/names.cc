#include "agents/matching/names.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace derwent::matching {
namespace {

// What U+00C0 to U+017F fold to, by code point; `?` a sign that is no letter.
constexpr absl::string_view kLatin1 = "AAAAAAACEEEEIIIIDNOOOOO?OUUUUYTSAAAAAAACEEEEIIIIDNOOOOO?OUUUUYTY";
constexpr absl::string_view kExtendedA =
    "AAAAAACCCCCCCCDDDDEEEEEEEEEEGGGGGGGGHHHHIIIIIIIIIIIIJJKKKLLLLLLLLLLNNNNNNNNNOOOOOOOORRRRRRSSSSSSSSTTTTTTUUUUUUUUUU"
    "UUWWYYYZZZZZZS";
static_assert(kLatin1.size() == 64 && kExtendedA.size() == 128);

// The letter two octets of UTF-8 fold to, or 0.
char Folded(unsigned char lead, unsigned char trail) {
  const int point = (lead & 0x1f) << 6 | (trail & 0x3f);
  if (point >= 0xc0 && point < 0x100) return kLatin1[static_cast<size_t>(point - 0xc0)];
  if (point >= 0x100 && point < 0x180) return kExtendedA[static_cast<size_t>(point - 0x100)];
  return 0;
}

std::string WithoutDoubles(absl::string_view name) {
  std::string single(name);
  single.erase(std::unique(single.begin(), single.end()), single.end());
  return single;
}

// Short forms that stand for one name.
constexpr std::pair<absl::string_view, absl::string_view> kShortForms[] = {
    {"ABBY", "ABIGAIL"},      {"ANDY", "ANDREW"},     {"BECKY", "REBECCA"},   {"BEN", "BENJAMIN"},
    {"BILL", "WILLIAM"},      {"BOB", "ROBERT"},      {"CATHY", "CATHERINE"}, {"DAVE", "DAVID"},
    {"DEBBIE", "DEBORAH"},    {"DOUG", "DOUGLAS"},    {"EDDIE", "EDWARD"},    {"GREG", "GREGORY"},
    {"JACKIE", "JACQUELINE"}, {"JAKE", "JACOB"},      {"JEN", "JENNIFER"},    {"JENNY", "JENNIFER"},
    {"JEZ", "JEREMY"},        {"JIM", "JAMES"},       {"JON", "JONATHAN"},    {"JOSH", "JOSHUA"},
    {"KATE", "KATHERINE"},    {"KATIE", "KATHERINE"}, {"KEN", "KENNETH"},     {"LIZ", "ELIZABETH"},
    {"MAGGIE", "MARGARET"},   {"MATT", "MATTHEW"},    {"MIKE", "MICHAEL"},    {"NATE", "NATHAN"},
    {"NIGE", "NIGEL"},        {"PAM", "PAMELA"},      {"PETE", "PETER"},      {"PHIL", "PHILIP"},
    {"RICH", "RICHARD"},      {"ROB", "ROBERT"},      {"RON", "RONALD"},      {"RUSS", "RUSSELL"},
    {"STU", "STUART"},        {"SUE", "SUSAN"},       {"TED", "EDWARD"},      {"TIM", "TIMOTHY"},
    {"TOM", "THOMAS"},        {"VICKY", "VICTORIA"},  {"WILL", "WILLIAM"},    {"ZACH", "ZACHARY"},
};

bool IsShortFor(absl::string_view shorter, absl::string_view whole) {
  return std::ranges::find(kShortForms, std::pair{shorter, whole}) != std::end(kShortForms);
}

bool NeighboursSwapped(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size()) return false;
  const auto [first, other] = std::mismatch(a.begin(), a.end(), b.begin());
  if (a.end() - first < 3) return false;  // The last letter often tells a brother from a sister.
  return first[0] == other[1] && first[1] == other[0] && std::equal(first + 2, a.end(), other + 2);
}

// Letters of `a` that stand in `b` near enough (Jaro), in the order of `a`; `taken` tells which of `b` they are.
std::string SharedLetters(absl::string_view a, absl::string_view b, std::vector<bool>& taken) {
  const size_t longer = std::max(a.size(), b.size());
  const size_t window = longer / 2 > 0 ? longer / 2 - 1 : 0;
  std::string shared;
  for (size_t i = 0; i < a.size(); ++i) {
    const size_t end = std::min(b.size(), i + window + 1);
    for (size_t j = i > window ? i - window : 0; j < end; ++j) {
      if (taken[j] || a[i] != b[j]) continue;
      taken[j] = true;
      shared.push_back(a[i]);
      break;
    }
  }
  return shared;
}

}  // namespace

std::string FoldName(absl::string_view name) {
  std::string folded;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const char letter =
        (c & 0xe0) == 0xc0 && i + 1 < name.size() ? Folded(c, static_cast<unsigned char>(name[i + 1])) : 0;
    if (letter != 0) {
      folded.push_back(letter);
      ++i;
    } else if (absl::ascii_isalnum(c) || c >= 0x80) {
      folded.push_back(absl::ascii_toupper(c));
    } else if (c != '\'' && c != '.') {
      folded.push_back(' ');
    }
  }
  absl::RemoveExtraAsciiWhitespace(&folded);
  if (absl::StartsWith(folded, "MC ")) folded.erase(2, 1);
  return folded;
}

double Likeness(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return 0;
  if (a == b) return 1;
  std::vector<bool> taken(b.size());
  const std::string of_a = SharedLetters(a, b, taken);
  if (of_a.empty()) return 0;
  size_t crossed = 0;
  for (size_t j = 0, k = 0; j < b.size(); ++j) {
    if (taken[j] && b[j] != of_a[k++]) ++crossed;
  }
  const auto same = static_cast<double>(of_a.size());
  const double jaro = (same / static_cast<double>(a.size()) + same / static_cast<double>(b.size()) +
                       (same - static_cast<double>(crossed) / 2) / same) /
                      3;
  size_t prefix = 0;
  while (prefix < 4 && prefix < std::min(a.size(), b.size()) && a[prefix] == b[prefix]) ++prefix;
  return jaro + static_cast<double>(prefix) * 0.1 * (1 - jaro);
}

bool SameName(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return false;
  return IsShortFor(a, b) || IsShortFor(b, a) || WithoutDoubles(a) == WithoutDoubles(b) || NeighboursSwapped(a, b);
}

std::string Soundex(absl::string_view name) {
  static constexpr absl::string_view kCodes = "01230120022455012623010202";  // A to Z; vowels 0, and H, W 0.
  std::string code;
  char last = 0;
  for (const char c : name) {
    if (!absl::ascii_isupper(static_cast<unsigned char>(c))) continue;
    const char digit = kCodes[static_cast<size_t>(c - 'A')];
    if (code.empty()) {
      code.push_back(c);
    } else if (digit != '0' && digit != last) {
      code.push_back(digit);
    }
    if (c != 'H' && c != 'W') last = digit;
    if (code.size() == 4) break;
  }
  if (!code.empty()) code.resize(4, '0');
  return code;
}

}  // namespace derwent::matching
