#pragma once

#include <optional>
#include <string>

#include "agents/witness/witness_state.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"

namespace derwent::agents {

// The fork that an offer proves against what was seen; nullopt: it proves none, however wrong its proof is. One of the
// seen size with another root is one. One of more entries is where its proof leads from another past to the root that
// the log signed. `note` is the offered one: `checkpoint` and the log's lines alone, verified.
std::optional<Fork> ProvenFork(const WitnessView& seen, const trust::Note& note, const trust::Checkpoint& checkpoint,
                               const trust::AddCheckpoint& request);

}  // namespace derwent::agents
