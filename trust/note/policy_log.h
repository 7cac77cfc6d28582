#pragma once

#include "trust/note/log_keys.h"
#include "trust/note/quorum.h"

namespace derwent::trust {

// Whether a policy is of one log alone, that of these keys: a `log` line is one of them, and every other is of the same
// name, so that the overlap of a key with the next can be written down.
bool IsOfLog(const QuorumPolicy& policy, const LogKeys& keys);

}  // namespace derwent::trust
