// Signed notes and verifier keys: what parses prints back to the same octets.

#include "trust/note/note.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto note = derwent::trust::Note::Parse(text);
  if (note.ok() && (note->ToString() != text || note->signatures.size() > derwent::trust::kMaxNoteSignatures))
    std::abort();
  const auto key = derwent::trust::VerifierKey::Parse(text);
  if (key.ok() && key->ToString() != text) std::abort();
  return 0;
}
