#include "trust/note/proof_lines.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/encoding.h"

namespace derwent::trust {
namespace {

constexpr size_t kMostHashes = 63;

}  // namespace

absl::StatusOr<uint64_t> NumberLine(const Lines& lines, absl::string_view line, absl::string_view word,
                                    absl::string_view what) {
  if (!absl::ConsumePrefix(&line, absl::StrCat(word, " ")))
    return RefuseLine(lines.number(), what, absl::StrCat("it is not `", word, " <number>`"));
  const std::optional<uint64_t> number = ParseDecimal(line);
  if (number.has_value()) return *number;
  return RefuseLine(lines.number(), what, "its number is not a decimal up to 2^63 - 1 without leading zeros");
}

absl::StatusOr<std::vector<Sha256Digest>> HashLines(Lines& lines, absl::string_view what) {
  std::vector<Sha256Digest> hashes;
  for (absl::string_view line;;) {
    if (!lines.Next(line)) return RefuseLine(lines.number(), what, "no blank line ends the hashes");
    if (line.empty()) return hashes;
    if (hashes.size() == kMostHashes) return RefuseLine(lines.number(), what, "it is a hash over the 63 allowed");
    const absl::StatusOr<std::string> octets = Base64Decode(line);
    const absl::StatusOr<Sha256Digest> hash = octets.ok() ? Sha256Digest::FromBytes(*octets) : octets.status();
    if (!hash.ok()) return RefuseLine(lines.number(), what, "it is not a hash: 32 octets in canonical base64");
    hashes.push_back(*hash);
  }
}

}  // namespace derwent::trust
