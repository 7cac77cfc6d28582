#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/ledger/entry_opener.h"
#include "broker/ledger/packed_entry.h"
#include "broker/store/store.h"
#include "trust/entry/opening.h"

namespace derwent::ledger {

// A sealed entry with its row. Errors: kNotFound none of that index is committed, or it is public (nothing can be
// erased of it); kDataLoss; of the store.
absl::StatusOr<FoundEntry> FindSealed(store::Reader& reader, uint64_t index);

// Which of its fields were erased.
trust::FieldSet ErasedOf(const PackedEntry& entry);

// Takes salts and values of `fields` out of a stored entry, and its decision request; tags, search columns and parties
// that they told go with them. Hashes and leaf stay, so every proof and receipt still verifies. With field 1 the time
// goes: the row takes that of the entry before. The caller appends the public entry that records it, in the same
// transaction. Errors: as FindSealed.
absl::Status EraseFields(store::Transaction& transaction, uint64_t index, const trust::FieldSet& fields);

}  // namespace derwent::ledger
