#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "derwent/v1/package.pb.h"
#include "derwent/v1/record.pb.h"
#include "derwent/v1/referral.pb.h"
#include "policy/loader/onward.h"
#include "trust/base/digest.h"
#include "trust/secret/random.h"
#include "trust/signature/signing_key.h"

namespace derwent::agents {

// Limits of a share (domain decision 12).
inline constexpr size_t kMaxShareOctets = 8 << 20;
inline constexpr size_t kMaxRecipients = 20;
inline constexpr size_t kMaxSubjects = 30;
inline constexpr size_t kMaxUnits = size_t{30} * 40;
inline constexpr size_t kMaxJustification = size_t{16} * 1024;

// What all packages of one share have in common.
struct ShareHead {
  std::string share_id;  // UUID.
  uint32_t version = 1;
  v1::PackageKind kind = v1::PACKAGE_KIND_REFERRAL;
  std::string sender_agency;
  std::string acting_person;
  std::string profile;
  std::string purpose;
  std::string board;
  std::string area;
  std::string case_id;
  std::string step;
  std::string product;
  std::string document_reference;
  std::string supersedes_share_id;
  std::string reply_to_share_id;  // Of an answer or supplement: the request.
  std::string adds_to_share_id;   // Of what waited for somebody's agreement: what went before without it.
  Sha256Digest policy_digest;
  absl::Time create_time;
};

// One subject as one recipient gets it.
struct PackageSubject {
  uint32_t number = 0;
  std::string role;
  std::vector<std::string> grounds;           // Sorted.
  std::string justification;                  // Empty: none.
  std::vector<std::string> asked_categories;  // Sorted; goes to the broker only.
  Sha256Digest holder_commitment;             // Goes to the broker only.
  policy::OnwardSources onward;               // What of it was received; goes to the broker only.
};

// One unit in clear.
struct PackageUnit {
  uint32_t subject = 0;
  v1::UnitContent content;
};

// What one recipient gets.
struct PackageRecipient {
  std::string agency;
  std::string role;
  std::string person;
  absl::Time expire_time;
  std::string marking;
  std::vector<std::string> obligations;
  bool existence_sensitive = false;
  std::vector<PackageSubject> subjects;
  std::vector<PackageUnit> units;
  std::optional<v1::Question> question;  // Of a selector.
  // Of an answer or supplement, sealed in the ring.
  std::vector<v1::CategoryAnswer> answers;
  std::vector<std::string> excluded_persons;
  std::vector<std::string> only_persons;
  // Sizes that must not depend on what is held; 0: as small as may be.
  size_t unit_bucket = 0;
  size_t ring_octets = 0;
};

// Checks every label (in an existence-sensitive answer the neutral text counts for any), seals each unit under a key of
// its own, seals the ring to `sealing`, signs the manifest. Errors: kFailedPrecondition `MISLABELLED`; kInvalidArgument
// a unit over 1 MiB, a justification over 16 KiB, or a unit or ring over the size it must have.
absl::StatusOr<v1::Submission> SealPackage(const ShareHead& share, const PackageRecipient& recipient,
                                           const trust::PublicKey& sealing, const trust::SigningKey& signing,
                                           trust::Random& random);

// HPKE info of a manifest's key ring (FORMAT.md): binds the ring to share, parties and units table.
std::string KeyRingBinding(const v1::Manifest& manifest);

// Whose neutral text may stand in any unit of the package: the sender of an existence-sensitive answer; empty:
// nobody's.
absl::string_view NeutralOf(const v1::Manifest& manifest);

// SHA-256("derwent/justification/v1" ‖ salt ‖ text).
Sha256Digest JustificationDigest(absl::string_view salt, absl::string_view text);

}  // namespace derwent::agents
