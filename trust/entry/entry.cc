#include "trust/entry/entry.h"

#include "absl/strings/str_cat.h"

#include "trust/merkle/tree.h"
#include "trust/secret/sha256.h"

namespace derwent::trust {
namespace {

constexpr std::array<absl::string_view, 20> kNames = {"time",
                                                      "releasing_agency",
                                                      "releasing_person",
                                                      "receiving_agency",
                                                      "receiving_person",
                                                      "subject_tags",
                                                      "subject_role",
                                                      "categories",
                                                      "purpose",
                                                      "bases",
                                                      "conditions",
                                                      "agreement",
                                                      "ids",
                                                      "outcome",
                                                      "manifest_digest",
                                                      "grounds",
                                                      "request_digest",
                                                      "engine",
                                                      "holder_commitment",
                                                      "step"};

}  // namespace

absl::string_view FieldName(int number) {
  return number >= 1 && number <= static_cast<int>(kNames.size()) ? kNames[static_cast<size_t>(number) - 1]
                                                                  : "reserved";
}

void SealedFields::Salt(Random& random) {
  const std::string octets = random.Bytes(kSaltSize * kFieldCount);
  for (size_t i = 0; i < kFieldCount; ++i) salts[i] = octets.substr(i * kSaltSize, kSaltSize);
}

Sha256Digest FieldHash(int number, absl::string_view salt, absl::string_view value) {
  const auto size = static_cast<uint32_t>(value.size());
  // 0x00 is RFC 6962's leaf prefix.
  const char head[] = {'\0', 'D', 'R', 'W', 'F', '\1', static_cast<char>(number >> 8), static_cast<char>(number)};
  const char length[] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                         static_cast<char>(size)};
  return Sha256Parts({absl::string_view(head, sizeof head), salt, absl::string_view(length, sizeof length), value});
}

FieldHashes HashFields(const SealedFields& fields) {
  FieldHashes hashes;
  for (size_t i = 0; i < kFieldCount; ++i)
    hashes[i] = FieldHash(static_cast<int>(i) + 1, fields.salts[i], fields.values[i]);
  return hashes;
}

Sha256Digest Commitment(const FieldHashes& hashes) {
  RightEdge edge;
  for (const Sha256Digest& hash : hashes) edge.Append(hash, [](NodeId, const Sha256Digest&) {});
  return edge.Root();
}

std::string LeafOctets(EntryKind kind, const Sha256Digest& commitment) {
  return absl::StrCat("DRWL\1", std::string(1, static_cast<char>(kind)), commitment.view());
}

}  // namespace derwent::trust
