#include "trust/note/log_keys.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"
#include "trust/note/lines.h"

namespace derwent::trust {
namespace {

constexpr char kWhat[] = "log's keys";

absl::Status Refuse(absl::string_view rule) { return absl::InvalidArgumentError(rule); }

absl::Status CheckType(const VerifierKey& key) {
  return key.type == kNoteEd25519 ? absl::OkStatus() : Refuse("a log's key has type 0x01");
}

absl::StatusOr<VerifierKey> ParseKey(absl::string_view vkey) {
  ASSIGN_OR_RETURN(VerifierKey key, VerifierKey::Parse(vkey));
  RETURN_IF_ERROR(CheckType(key));
  return key;
}

absl::StatusOr<uint64_t> ParseLastSize(absl::string_view text) {
  const std::optional<uint64_t> size = ParseDecimal(text);
  if (size.has_value()) return *size;
  return Refuse("the size up to which a key counts is a decimal number below 2^63 without leading zeros");
}

// Whether the key may stand beside those before it.
absl::Status CheckBeside(const std::vector<LogKey>& before, const VerifierKey& key) {
  for (const LogKey& one : before) {
    if (one.key.name != key.name) return Refuse("a log's keys have one name, the log's");
    if (one.key.public_key == key.public_key) return Refuse("the key is named before");
  }
  return absl::OkStatus();
}

// One line's key. `first`: it is the one in use.
absl::StatusOr<LogKey> ParseLine(const std::vector<absl::string_view>& words, bool first) {
  LogKey key;
  ASSIGN_OR_RETURN(key.key, ParseKey(words[0]));
  if (first && words.size() > 1) return Refuse("the first key is the one in use, and stands alone on its line");
  if (!first && words.size() != 2)
    return Refuse("an earlier key is `<vkey> <size>`: the last size for which it counts");
  if (!first) {
    ASSIGN_OR_RETURN(key.last_size, ParseLastSize(words[1]));
  }
  return key;
}

bool HasControl(absl::string_view line) {
  return std::ranges::any_of(line, [](char c) {
    const auto octet = static_cast<uint8_t>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
  });
}

}  // namespace

absl::StatusOr<LogKey> LogKey::Parse(absl::string_view word) {
  LogKey key;
  // A name may hold an `@`; what follows its plus sign does not.
  const size_t at = word.find('@', word.find('+') == absl::string_view::npos ? 0 : word.find('+'));
  ASSIGN_OR_RETURN(key.key, ParseKey(word.substr(0, at)));
  if (at != absl::string_view::npos) {
    ASSIGN_OR_RETURN(key.last_size, ParseLastSize(word.substr(at + 1)));
  }
  return key;
}

LogKeys::LogKeys(VerifierKey current) { keys_.push_back({.key = std::move(current), .last_size = std::nullopt}); }

absl::StatusOr<LogKeys> LogKeys::Make(std::vector<LogKey> keys) {
  const auto in_use = [](const LogKey& key) { return !key.last_size.has_value(); };
  if (std::ranges::count_if(keys, in_use) != 1)
    return Refuse("one key of a log is in use and has no size; each earlier one has the last size for which it counts");
  std::ranges::stable_partition(keys, in_use);
  std::vector<LogKey> checked;
  for (LogKey& key : keys) {
    RETURN_IF_ERROR(CheckType(key.key));
    RETURN_IF_ERROR(CheckBeside(checked, key.key));
    checked.push_back(std::move(key));
  }
  return LogKeys(std::move(checked));
}

absl::StatusOr<LogKeys> LogKeys::Parse(absl::string_view text) {
  std::vector<LogKey> keys;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (HasControl(line)) return RefuseLine(number, kWhat, "it holds a control character");
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') continue;
    absl::StatusOr<LogKey> key = ParseLine(words, keys.empty());
    if (!key.ok()) return RefuseLine(number, kWhat, key.status().message());
    if (const absl::Status beside = CheckBeside(keys, key->key); !beside.ok())
      return RefuseLine(number, kWhat, beside.message());
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return RefuseLine(number, kWhat, "no key came before the end");
  return LogKeys(std::move(keys));
}

std::vector<VerifierKey> LogKeys::keys() const {
  std::vector<VerifierKey> all;
  std::ranges::transform(keys_, std::back_inserter(all), &LogKey::key);
  return all;
}

absl::StatusOr<std::vector<VerifierKey>> LogKeys::Signers(const Note& note, uint64_t size) const {
  RETURN_IF_ERROR(CheckType(current()));
  std::vector<VerifierKey> counting;
  for (const LogKey& one : keys_) {
    if (one.CountsAt(size)) counting.push_back(one.key);
  }
  ASSIGN_OR_RETURN(std::vector<VerifierKey> signers, KnownSigners(note, counting));
  if (!signers.empty()) return signers;
  for (const LogKey& one : keys_) {
    const auto signed_by = KnownSigners(note, {one.key});
    if (!one.CountsAt(size) && signed_by.ok() && !signed_by->empty())
      return absl::UnauthenticatedError(
          absl::StrCat("of the log's keys only `", one.key.name, "+", absl::StrFormat("%08x", one.key.key_id),
                       "` signed the note, which counts up to ", *one.last_size, " entries: this is of ", size));
  }
  return absl::UnauthenticatedError("no known key signed the note");
}

}  // namespace derwent::trust
