#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::ledger {

// Turns subject references into index tags: HMAC-SHA-256(index key, reference). The broker keeps the tag and forgets
// the reference. Immutable, thread-safe.
class Tagger {
 public:
  // Error: kInvalidArgument unless the key has at least 32 octets.
  static absl::StatusOr<Tagger> Create(trust::SecretBytes index_key);
  // 32 octets. Error: kInvalidArgument unless `reference` has 32 octets.
  absl::StatusOr<std::string> Tag(absl::string_view reference) const;

 private:
  explicit Tagger(trust::SecretBytes index_key) : index_key_(std::move(index_key)) {}
  trust::SecretBytes index_key_;
};

}  // namespace derwent::ledger
