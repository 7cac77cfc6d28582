// Checkpoint bodies: what parses prints back to the same octets.

#include "trust/note/checkpoint.h"

#include <cstdint>
#include <cstdlib>

#include "trust/note/cosignature.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto checkpoint = derwent::trust::Checkpoint::ParseBody(text);
  if (checkpoint.ok() && (checkpoint->Body() != text || checkpoint->size > INT64_MAX)) std::abort();
  static_cast<void>(derwent::trust::CosignatureTime(text));
  return 0;
}
