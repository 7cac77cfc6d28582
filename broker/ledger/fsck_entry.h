#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"

namespace derwent::ledger {

// What fsck derives from one packed entry, with a parser of its own (FORMAT.md).
struct DerivedEntry {
  std::string leaf;                      // 38 octets
  uint8_t kind = 0;                      // 0: sealed
  int64_t time_ms = 0;                   // 0 where field 1 was erased
  uint32_t live = 0;                     // bit n - 1: field n is there; of a sealed one
  std::string commitment;                // 32 octets; of a public entry the SHA-256 of its body
  std::string request_digest;            // field 17; empty or 32 octets; also empty where it was erased
  std::vector<std::string> tags;         // in order
  std::vector<std::string> search_rows;  // one a party, by agency: the columns with U+001F between them

  // Of a sealed entry: whether the time it commits to is still there.
  bool has_time() const { return kind != 0 || (live & 1) != 0; }
};

// Error: kDataLoss, with what does not fit.
absl::StatusOr<DerivedEntry> DeriveEntry(absl::string_view packed);

}  // namespace derwent::ledger
