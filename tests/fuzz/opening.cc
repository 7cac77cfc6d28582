// Openings, the extra of a receipt: what parses prints back to the same octets.

#include "trust/entry/opening.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto opening = derwent::trust::Opening::Parse(text);
  if (!opening.ok()) return 0;
  if (opening->ToExtra() != text) std::abort();
  static_cast<void>(opening->LeafHashOf());
  return 0;
}
