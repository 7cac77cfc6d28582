#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "broker/ledger/packed_entry.h"
#include "broker/ledger/query.h"
#include "broker/ledger/tile_nodes.h"
#include "broker/ledger/visibility.h"
#include "broker/store/store.h"

namespace derwent::ledger {

// An entry with what is needed to open it.
struct FoundEntry {
  PackedEntry entry;
  store::EntryRow row;
  std::string public_body;
};
// Errors: kNotFound; kDataLoss it does not have its shape.
absl::StatusOr<FoundEntry> FindEntry(store::Reader& reader, uint64_t index);

// One reader's proofs into its newest checkpoint; tiles are read once for many entries. Borrows the reader. Not
// thread-safe.
class EntryOpener {
 public:
  // Proofs into `checkpoint`, which is over every entry that is opened.
  EntryOpener(store::Reader& reader, store::CheckpointRow checkpoint)
      : checkpoint_(std::move(checkpoint)), tiles_(reader) {}
  // Into the newest. Error: kNotFound the ledger is empty.
  static absl::StatusOr<EntryOpener> Create(store::Reader& reader);
  absl::StatusOr<OpenedEntry> Open(const FoundEntry& found, Viewer viewer);

 private:
  store::CheckpointRow checkpoint_;
  TileNodes tiles_;
};

}  // namespace derwent::ledger
