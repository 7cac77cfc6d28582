#pragma once

#include <string>

#include "absl/status/status.h"

#include "agents/witness/witness_state.h"

namespace derwent::agents {

// Files of what the log signed, verbatim, for whoever is to be shown it: `derwent ledger verify` reads them. Named by
// size and digest, so that the same is kept once; the folder is made when there is none.
// Errors: kInvalidArgument it is no checkpoint; kUnavailable, naming the file.

// Anything else that speaks against the log, under a name that says which it is.
absl::Status KeepFile(const std::string& folder, const std::string& name, const std::string& content);
// A checkpoint as `<size>-<digest>.note`.
absl::Status KeepNote(const std::string& folder, const std::string& note);
// Both sides of a fork: what was seen, and as `<old size>-<size>-<digest>.add-checkpoint` what was offered.
absl::Status KeepFork(const std::string& folder, const Fork& fork);

}  // namespace derwent::agents
