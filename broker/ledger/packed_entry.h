#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/ledger/draft.h"
#include "broker/store/rows.h"
#include "trust/entry/entry.h"
#include "trust/secret/random.h"

namespace derwent::ledger {

// An entry as it lies in the store, in one blob (FORMAT.md): leaf, and for a sealed one 24 hashes, salts and values.
struct PackedEntry {
  trust::EntryKind kind = trust::EntryKind::kSealed;
  std::string leaf;  // 38 octets
  // Sealed entries.
  trust::FieldHashes hashes;
  trust::SealedFields fields;  // an erased one has neither salt nor value
  // Public entries: what the leaf does not commit to.
  absl::Time public_time;
  std::string public_agency;
  std::string public_step;

  std::string Encode() const;
  // Error: kDataLoss when the blob does not have its shape. Does not check hashes (fsck does).
  static absl::StatusOr<PackedEntry> Decode(absl::string_view packed);

  // The search columns that the fields say.
  store::EntryColumns Columns() const;
  // The tags of whom it is about, 32 octets each, ascending; none once erased.
  std::vector<std::string> Tags() const;
};

// The leaf within a blob, without decoding the rest; empty when the blob is too short.
absl::string_view LeafOf(absl::string_view packed);

// Seals drafts into rows. Stateless.
class EntryPacker {
 public:
  struct Packed {
    PackedEntry entry;
    store::EntryRow row;  // The same as it is stored.
    std::optional<store::PublicBodyRow> body;
  };
  // `time` is in whole milliseconds. Error: kInvalidArgument a draft breaks a field's syntax or a limit.
  static absl::StatusOr<Packed> Pack(const EntryDraft& draft, uint64_t index, absl::Time time, trust::Random& random);

 private:
  static absl::StatusOr<Packed> PackPublic(const EntryDraft& draft, uint64_t index, absl::Time time);
  static trust::SealedFields FieldsOf(const EntryDraft& draft, absl::Time time);
  static void SetWhoAndWhy(const EntryDraft& draft, absl::Time time, trust::SealedFields& fields);
  static void SetWhat(const EntryDraft& draft, trust::SealedFields& fields);
};

}  // namespace derwent::ledger
