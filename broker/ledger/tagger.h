#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::ledger {

// Turns subject references into index tags: HMAC-SHA-256(index key, reference). The broker keeps the tag and forgets
// the reference. What is entered is tagged under the current key; what is looked for, or stops anybody, under every
// earlier key too, because nothing can be tagged again. Immutable, thread-safe.
class Tagger {
 public:
  // Error: kInvalidArgument a key has fewer than 32 octets, or stands twice.
  static absl::StatusOr<Tagger> Create(trust::SecretBytes current, std::vector<trust::SecretBytes> earlier = {});
  // 32 octets, under the current key. Error: kInvalidArgument unless `reference` has 32 octets.
  absl::StatusOr<std::string> Tag(absl::string_view reference) const;
  // Likewise under every key, the current one first.
  absl::StatusOr<std::vector<std::string>> EveryTag(absl::string_view reference) const;
  // What tells keys apart and gives none away, lowercase hex, in the same order.
  const std::vector<std::string>& key_ids() const { return key_ids_; }

 private:
  explicit Tagger(std::vector<trust::SecretBytes> keys);
  std::vector<trust::SecretBytes> keys_;
  std::vector<std::string> key_ids_;
};

}  // namespace derwent::ledger
