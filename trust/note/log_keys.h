#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/note/note.h"

namespace derwent::trust {

// A key of a log, and the largest tree for which its signature counts: none for the key in use, which counts for each.
struct LogKey {
  VerifierKey key;
  std::optional<uint64_t> last_size;

  // As a command line spells it: `VKEY` or `VKEY@SIZE`. Error: kInvalidArgument, also of a key that is no log's.
  static absl::StatusOr<LogKey> Parse(absl::string_view word);
  bool CountsAt(uint64_t size) const { return !last_size.has_value() || size <= *last_size; }
};

// The keys by which a log is believed: the one in use, and earlier ones, each up to a size. So what they signed before
// stays verifiable, and a key that was stolen vouches for nothing larger. A value; never without the key in use.
class LogKeys {
 public:
  // A log of one key. Implicit: that is what most logs are.
  LogKeys(VerifierKey current);  // NOLINT(google-explicit-constructor)
  // In any order. Error: kInvalidArgument not one key alone is without a size, names differ, or a key comes twice.
  static absl::StatusOr<LogKeys> Make(std::vector<LogKey> keys);
  // A file: the key in use alone on the first line, `<vkey>`; each earlier one on a line of its own, `<vkey> <size>`.
  // Blanks, empty lines and those that begin with `#` as in a tlog-policy. Error: kInvalidArgument naming line and
  // rule.
  static absl::StatusOr<LogKeys> Parse(absl::string_view text);

  // The name of the keys.
  const std::string& origin() const { return keys_.front().key.name; }
  const VerifierKey& current() const { return keys_.front().key; }
  // All, the one in use first.
  std::vector<VerifierKey> keys() const;

  // Who of the keys that count for a checkpoint of `size` signed it, `note` being its note; the one in use first.
  // Errors: kInvalidArgument the key is no log's; kUnauthenticated none did (of an earlier key that did, up to which
  // size it counts), or a line of one that counts does not verify.
  absl::StatusOr<std::vector<VerifierKey>> Signers(const Note& note, uint64_t size) const;

 private:
  explicit LogKeys(std::vector<LogKey> keys) : keys_(std::move(keys)) {}

  std::vector<LogKey> keys_;  // Not empty; the first is the one in use.
};

}  // namespace derwent::trust
