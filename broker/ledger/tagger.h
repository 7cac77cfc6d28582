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
  // Error: kInvalidArgument a key has fewer than 32 octets, or stands twice; more than 8 keys.
  static absl::StatusOr<Tagger> Create(trust::SecretBytes current, std::vector<trust::SecretBytes> earlier = {});
  // 32 octets, under the current key. Error: kInvalidArgument unless `reference` has 32 octets.
  absl::StatusOr<std::string> Tag(absl::string_view reference) const;
  // Likewise under every key, the current one first.
  absl::StatusOr<std::vector<std::string>> EveryTag(absl::string_view reference) const;
  // What an entry holds of a reference: its tag, and a link to its tag under each earlier key, so that a person who
  // stands under two keys is known to be one. A link is made under the current key: an earlier one alone opens nothing
  // of what came after it. 32 octets each. Error: likewise.
  absl::StatusOr<std::vector<std::string>> EnteredTags(absl::string_view reference) const;
  // The links by which entries of later keys would name the person of this tag.
  std::vector<std::string> LinksTo(absl::string_view tag) const;
  // What tells keys apart and gives none away, lowercase hex, in the same order.
  const std::vector<std::string>& key_ids() const { return key_ids_; }

 private:
  explicit Tagger(std::vector<trust::SecretBytes> keys);
  std::vector<trust::SecretBytes> keys_;
  std::vector<std::string> key_ids_;
};

}  // namespace derwent::ledger
