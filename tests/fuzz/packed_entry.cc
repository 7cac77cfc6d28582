// The row of a ledger entry, read by the writer's decoder and by fsck's own: what is decoded encodes back to the same
// octets, and fsck takes nothing that the decoder refuses.

#include "broker/ledger/packed_entry.h"

#include <cstdint>
#include <cstdlib>

#include "broker/ledger/fsck_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view packed(reinterpret_cast<const char*>(octets), size);
  const auto decoded = derwent::ledger::PackedEntry::Decode(packed);
  const auto derived = derwent::ledger::DeriveEntry(packed);
  if (decoded.ok() && decoded->Encode() != packed) std::abort();
  if (derived.ok() && !decoded.ok()) std::abort();
  if (decoded.ok()) static_cast<void>(decoded->Columns());
  return 0;
}
