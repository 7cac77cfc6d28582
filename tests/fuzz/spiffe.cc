// SPIFFE ids: one text for one id.

#include "trust/identity/spiffe.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto id = derwent::trust::SpiffeId::Parse(text);
  if (id.ok() && id->ToString() != text) std::abort();
  return 0;
}
