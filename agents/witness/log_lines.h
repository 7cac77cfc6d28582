#pragma once

#include <string>

#include "absl/types/span.h"

#include "trust/note/note.h"

namespace derwent::agents {

// A note with the lines of these keys alone, the first of each. Whoever hands a note on can have added others, under
// the log's name too: unverified, they are nothing that is kept or shown. `keys`: those whose lines verified.
trust::Note WithLinesOf(const trust::Note& note, absl::Span<const trust::VerifierKey> keys);

// A note as it was kept, with the lines of `logs` and of `own` alone that verify, the first of each; it may hold more
// than a note may. Unchanged where no line of `logs` does, which speaks of another key of the log.
std::string Mended(const std::string& kept, absl::Span<const trust::VerifierKey> logs, const trust::VerifierKey& own);

}  // namespace derwent::agents
