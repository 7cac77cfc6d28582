#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/ledger/visibility.h"
#include "broker/store/store.h"
#include "trust/base/digest.h"

namespace derwent::ledger {

// Reading the ledger through any Reader (a snapshot, or the writer's own transaction). All sizes must be at most the
// reader's log size. Errors: kInvalidArgument index or size out of range; kDataLoss stored bytes fail verification; of
// the store.

// RFC 6962 proofs from the stored tiles.
absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(store::Reader& reader, uint64_t index, uint64_t size);
absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(store::Reader& reader, uint64_t old_size, uint64_t new_size);
absl::StatusOr<Sha256Digest> StoredLeafHash(store::Reader& reader, uint64_t index);
// 38-octet leaves in order, fewer at the end.
absl::StatusOr<std::vector<std::string>> Leaves(store::Reader& reader, uint64_t start, size_t count);

struct OpenedField {
  int number = 0;
  std::string name;
  std::string value;
};

// An entry as far as one viewer may open it.
struct OpenedEntry {
  uint64_t index = 0;
  trust::EntryKind kind = trust::EntryKind::kSealed;
  absl::Time time;
  std::string public_body;    // of a public entry, as the next two
  std::string public_agency;  // by whom; empty: the broker
  std::string public_step;
  std::vector<OpenedField> fields;  // empty ones left out
  std::string receipt;              // tlog-proof into the newest checkpoint, opening all fields the viewer may
};

// As `agency` may open it. The receipt is into `into`, a checkpoint over the entry; null: into the newest.
// Error: kNotFound no such entry, or the agency is no party to it (and it is not public).
absl::StatusOr<OpenedEntry> OpenEntry(store::Reader& reader, uint64_t index, absl::string_view agency,
                                      const store::CheckpointRow* into = nullptr);
// Its receipt alone.
absl::StatusOr<std::string> MakeReceipt(store::Reader& reader, uint64_t index, absl::string_view agency);

}  // namespace derwent::ledger
