#pragma once

#include "trust/note/note.h"
#include "trust/note/quorum.h"

namespace derwent::trust {

// Whether a policy is of one log alone, that of `key`: a `log` line is this key's, and every other is another key of
// the same name, so that the overlap of a key with the next can be written down.
bool IsOfLog(const QuorumPolicy& policy, const VerifierKey& key);

}  // namespace derwent::trust
