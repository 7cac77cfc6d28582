#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/store/store.h"

namespace derwent::witness {

// What the ledger says of an agency in a part of it, for the agency's participant key.
struct OwnEntries {
  struct Receipt {
    uint64_t index = 0;
    std::string tlog_proof;  // Opens what Viewer::kParticipant may see.
  };
  std::vector<Receipt> receipts;  // Ascending.
  uint64_t next = 0;              // All below it were told; the checkpoint's size when there is no more.
};

// The sealed entries in [from, size of `checkpoint`) that have the agency as a party, `most` at most, proven into that
// checkpoint. Errors: of the store; kDataLoss stored bytes fail verification.
absl::StatusOr<OwnEntries> ListOwnEntries(absl::string_view agency, uint64_t from,
                                          const store::CheckpointRow& checkpoint, size_t most, store::Reader& reader);

}  // namespace derwent::witness
