#include "broker/ledger/tagger.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/secret/hmac.h"

namespace derwent::ledger {
namespace {

constexpr size_t kMostKeys = 8;

// No reference is as long as what is tagged here.
std::string Link(const trust::SecretBytes& key, absl::string_view earlier_tag) {
  return trust::HmacSha256(key, absl::StrCat("derwent/index-link/v1", earlier_tag)).bytes();
}

absl::Status CheckReference(absl::string_view reference) {
  return reference.size() == Sha256Digest::kSize ? absl::OkStatus()
                                                 : absl::InvalidArgumentError("a subject reference has 32 octets");
}

}  // namespace

Tagger::Tagger(std::vector<trust::SecretBytes> keys) : keys_(std::move(keys)) {
  for (const trust::SecretBytes& key : keys_)
    key_ids_.push_back(trust::HmacSha256(key, "derwent/index-key-id/v1").hex());
}

absl::StatusOr<Tagger> Tagger::Create(trust::SecretBytes current, std::vector<trust::SecretBytes> earlier) {
  std::vector<trust::SecretBytes> keys;
  keys.push_back(std::move(current));
  std::ranges::move(earlier, std::back_inserter(keys));
  for (const trust::SecretBytes& key : keys) {
    if (key.size() < Sha256Digest::kSize) return absl::InvalidArgumentError("index key: 32 octets at least");
  }
  if (keys.size() > kMostKeys) return absl::InvalidArgumentError("index key: 8 at most, with the earlier ones");
  Tagger tagger(std::move(keys));
  if (std::set<std::string>(tagger.key_ids_.begin(), tagger.key_ids_.end()).size() != tagger.key_ids_.size())
    return absl::InvalidArgumentError("index key: one stands twice");
  return tagger;
}

absl::StatusOr<std::string> Tagger::Tag(absl::string_view reference) const {
  RETURN_IF_ERROR(CheckReference(reference));
  return trust::HmacSha256(keys_.front(), reference).bytes();
}

absl::StatusOr<std::vector<std::string>> Tagger::EveryTag(absl::string_view reference) const {
  RETURN_IF_ERROR(CheckReference(reference));
  std::vector<std::string> tags;
  for (const trust::SecretBytes& key : keys_) tags.push_back(trust::HmacSha256(key, reference).bytes());
  return tags;
}

absl::StatusOr<std::vector<std::string>> Tagger::EnteredTags(absl::string_view reference) const {
  ASSIGN_OR_RETURN(std::vector<std::string> tags, EveryTag(reference));
  for (size_t i = 1; i < tags.size(); ++i) tags[i] = Link(keys_.front(), tags[i]);
  return tags;
}

std::vector<std::string> Tagger::LinksTo(absl::string_view tag) const {
  std::vector<std::string> links;
  for (size_t i = 0; i + 1 < keys_.size(); ++i) links.push_back(Link(keys_[i], tag));  // Nothing is before the last.
  return links;
}

}  // namespace derwent::ledger
