#include "trust/entry/opening.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/status_macros.h"
#include "trust/merkle/tree.h"
#include "trust/secret/sha256.h"

namespace derwent::trust {
namespace {

constexpr absl::string_view kMagic("DRWO\1", 5);
constexpr size_t kUsualExtra = 2'560;  // Octets.

std::string Length(size_t size) {
  return {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
          static_cast<char>(size)};
}

// Takes `count` octets off `rest`.
absl::StatusOr<absl::string_view> Take(absl::string_view& rest, size_t count) {
  if (rest.size() < count) return absl::InvalidArgumentError("the opening ends early");
  const absl::string_view taken = rest.substr(0, count);
  rest.remove_prefix(count);
  return taken;
}

absl::StatusOr<Opening::Item> ParseItem(absl::string_view& rest, int number) {
  Opening::Item item;
  ASSIGN_OR_RETURN(const absl::string_view tag, Take(rest, 1));
  if (tag[0] == '\0') {
    ASSIGN_OR_RETURN(const absl::string_view hash, Take(rest, Sha256Digest::kSize));
    ASSIGN_OR_RETURN(item.hash, Sha256Digest::FromBytes(hash));
    return item;
  }
  if (tag[0] != '\1') return absl::InvalidArgumentError("the opening holds an unknown tag");
  ASSIGN_OR_RETURN(const absl::string_view salt, Take(rest, kSaltSize));
  ASSIGN_OR_RETURN(const absl::string_view length, Take(rest, 4));
  size_t size = 0;
  for (const char c : length) size = size << 8 | static_cast<uint8_t>(c);
  ASSIGN_OR_RETURN(const absl::string_view value, Take(rest, size));
  item.salt = std::string(salt);
  item.value = std::string(value);
  item.hash = FieldHash(number, salt, value);
  return item;
}

}  // namespace

Opening Opening::Of(const SealedFields& fields, const FieldHashes& hashes, const FieldSet& which) {
  Opening opening;
  for (size_t i = 0; i < kFieldCount; ++i) {
    opening.items[i].hash = hashes[i];
    if (!which.test(i) || fields.salts[i].size() != kSaltSize) continue;
    opening.items[i].value = fields.values[i];
    opening.items[i].salt = fields.salts[i];
  }
  return opening;
}

Opening Opening::OfPublic(EntryKind kind, std::string body) {
  Opening opening;
  opening.kind = kind;
  opening.public_body = std::move(body);
  return opening;
}

absl::StatusOr<Opening> Opening::Parse(absl::string_view extra) {
  absl::string_view rest = extra;
  if (!absl::ConsumePrefix(&rest, kMagic)) return absl::InvalidArgumentError("not an opening of a ledger entry");
  ASSIGN_OR_RETURN(const absl::string_view kind, Take(rest, 1));
  if (static_cast<uint8_t>(kind[0]) > static_cast<uint8_t>(EntryKind::kRegister)) {
    return absl::InvalidArgumentError("the opening is of an unknown kind of entry");
  }
  Opening opening;
  opening.kind = static_cast<EntryKind>(kind[0]);
  if (opening.kind != EntryKind::kSealed) {
    opening.public_body = std::string(rest);
    return opening;
  }
  for (size_t i = 0; i < kFieldCount; ++i) {
    ASSIGN_OR_RETURN(opening.items[i], ParseItem(rest, static_cast<int>(i) + 1));
  }
  if (!rest.empty()) return absl::InvalidArgumentError("octets follow the opening");
  return opening;
}

std::string Opening::ToExtra() const {
  std::string extra(kMagic);
  extra.push_back(static_cast<char>(kind));
  if (kind != EntryKind::kSealed) return extra + public_body;
  extra.reserve(kUsualExtra);
  for (const Item& item : items) {
    if (item.value.has_value()) {
      absl::StrAppend(&extra, absl::string_view("\1", 1), item.salt, Length(item.value->size()), *item.value);
    } else {
      absl::StrAppend(&extra, absl::string_view("\0", 1), item.hash.view());
    }
  }
  return extra;
}

const std::string* Opening::Value(Field field) const {
  const Item& item = items[static_cast<size_t>(field) - 1];
  return item.value.has_value() ? &*item.value : nullptr;
}

Sha256Digest Opening::LeafHashOf() const {
  if (kind != EntryKind::kSealed) return LeafHash(LeafOctets(kind, Sha256(public_body)));
  FieldHashes hashes;
  for (size_t i = 0; i < kFieldCount; ++i) hashes[i] = items[i].hash;
  return LeafHash(LeafOctets(kind, Commitment(hashes)));
}

absl::StatusOr<VerifiedReceipt> VerifyReceipt(absl::string_view tlog_proof, const LogKeys& log_keys,
                                              absl::string_view origin) {
  ASSIGN_OR_RETURN(const TlogProof proof, TlogProof::Parse(tlog_proof));
  absl::StatusOr<Opening> opening = Opening::Parse(proof.extra);
  if (!opening.ok())
    return absl::InvalidArgumentError(
        absl::StrCat("line 2 of the proof: its `extra` opens no entry: ", opening.status().message()));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, VerifyTlogProof(proof, opening->LeafHashOf(), log_keys, origin));
  return VerifiedReceipt{.opening = *std::move(opening), .index = proof.index, .checkpoint = std::move(checkpoint)};
}

}  // namespace derwent::trust
