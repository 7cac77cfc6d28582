#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/entry/opening.h"

namespace derwent::trust {

// By approved request: what identifies a person (fields 3, 5, 6, 7, 16). By retention schedule: all 24.
FieldSet PersonFields();
FieldSet AllFields();

// What a public entry of kind 0x01 says: which fields of which entries were erased, and by whose word (FORMAT.md).
// Names no agency and no person.
struct ErasureRecord {
  // SHA-256 of the two signed commands: salted by their signatures, so that nobody can guess who signed.
  struct Approvals {
    Sha256Digest owner;
    Sha256Digest other;
    friend bool operator==(const Approvals&, const Approvals&) = default;
  };
  std::vector<uint64_t> targets;       // ascending, each once, 1 to kMostTargets
  FieldSet fields;                     // PersonFields or AllFields
  std::string month;                   // `2026-11`
  std::optional<Approvals> approvals;  // of a request
  std::optional<Sha256Digest> policy;  // of a schedule: digest of the policy that set it

  static constexpr size_t kMostTargets = 256;

  bool scheduled() const { return policy.has_value(); }
  std::string ToBody() const;
  // Strict: one text for one meaning. Error: kInvalidArgument.
  static absl::StatusOr<ErasureRecord> Parse(absl::string_view body);
};

// A receipt (tlog-proof) with these fields closed: values and salts are gone, the hashes stay, so it still verifies. A
// public entry's has no fields. Error: kInvalidArgument malformed.
absl::StatusOr<std::string> CloseReceipt(absl::string_view tlog_proof, const FieldSet& which);

}  // namespace derwent::trust
