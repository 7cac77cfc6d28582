#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/secret/random.h"

namespace derwent::trust {

// What a ledger leaf is. Only sealed entries hold fields; the bodies of public ones are published beside the leaf.
enum class EntryKind : uint8_t {
  kSealed = 0x00,
  kErasure = 0x01,
  kGovernance = 0x02,
  kKeyEvent = 0x03,
  kRegister = 0x04,
};

// The fields of a sealed entry, numbered as in the leaf commitment (ledger design 4.1). Reserved numbers stay empty.
enum class Field : uint8_t {
  kTime = 1,
  kReleasingAgency = 2,
  kReleasingPerson = 3,
  kReceivingAgency = 4,
  kReceivingPerson = 5,
  kSubjectTags = 6,
  kSubjectRole = 7,
  kCategories = 8,
  kPurpose = 9,
  kBases = 10,
  kConditions = 11,
  kAgreement = 12,
  kIds = 13,
  kOutcome = 14,
  kManifestDigest = 15,
  kGrounds = 16,
  kRequestDigest = 17,
  kEngine = 18,
  kHolderCommitment = 19,
  kStep = 20,
};
inline constexpr int kFieldCount = 24;
inline constexpr size_t kSaltSize = 32;
inline constexpr size_t kLeafSize = 38;

// Lower-case name of a field, for people; `reserved` for 21 to 24.
absl::string_view FieldName(int number);

// The values and salts of all 24 fields: what is needed to open an entry. A value type.
struct SealedFields {
  std::array<std::string, kFieldCount> values;
  std::array<std::string, kFieldCount> salts;  // 32 octets each, independent.

  std::string& operator[](Field field) { return values[static_cast<size_t>(field) - 1]; }
  const std::string& operator[](Field field) const { return values[static_cast<size_t>(field) - 1]; }

  // Gives every field a fresh salt.
  void Salt(Random& random);
};

using FieldHashes = std::array<Sha256Digest, kFieldCount>;

// SHA-256 leaf hash of "DRWF" ‖ 0x01 ‖ u16be number ‖ salt ‖ u32be length ‖ value.
Sha256Digest FieldHash(int number, absl::string_view salt, absl::string_view value);
FieldHashes HashFields(const SealedFields& fields);
// RFC 6962 root over the 24 field hashes, in order.
Sha256Digest Commitment(const FieldHashes& hashes);
// "DRWL" ‖ 0x01 ‖ kind ‖ commitment: 38 octets. For a public kind the commitment is the body's SHA-256.
std::string LeafOctets(EntryKind kind, const Sha256Digest& commitment);

}  // namespace derwent::trust
