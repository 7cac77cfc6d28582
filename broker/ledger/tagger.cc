#include "broker/ledger/tagger.h"

#include "trust/base/digest.h"
#include "trust/secret/hmac.h"

namespace derwent::ledger {

absl::StatusOr<Tagger> Tagger::Create(trust::SecretBytes index_key) {
  if (index_key.size() < Sha256Digest::kSize) return absl::InvalidArgumentError("index key: 32 octets at least");
  return Tagger(std::move(index_key));
}

absl::StatusOr<std::string> Tagger::Tag(absl::string_view reference) const {
  if (reference.size() != Sha256Digest::kSize) return absl::InvalidArgumentError("a subject reference has 32 octets");
  return trust::HmacSha256(index_key_, reference).bytes();
}

}  // namespace derwent::ledger
