// Proof files: what parses prints to a text that means the same, and nothing unsigned ever verifies.

#include "trust/note/tlog_proof.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto proof = derwent::trust::TlogProof::Parse(text);
  if (!proof.ok()) return 0;
  const auto again = derwent::trust::TlogProof::Parse(proof->ToString());
  if (!again.ok() || again->index != proof->index || again->path != proof->path || again->extra != proof->extra ||
      again->checkpoint != proof->checkpoint)
    std::abort();
  return 0;
}
