#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/witness/witness_state.h"

namespace derwent::agents {

// Files of what the log signed, verbatim, for whoever is to be shown it: `derwent ledger verify` reads them. Named by
// size and digest, so that the same is kept once; the folder is made when there is none.
// Errors: kInvalidArgument it is no checkpoint; kUnavailable, naming the file.

// By what a checkpoint that speaks against the log is called: `<size>-<digest>`. Error: kInvalidArgument.
absl::StatusOr<std::string> NameOfNote(const std::string& note);
// Likewise, of the checkpoint that was offered beside the one seen.
absl::StatusOr<std::string> NameOfFork(const Fork& fork);

// Anything else that speaks against the log, under a name that says which it is.
absl::Status KeepFile(const std::string& folder, const std::string& name, const std::string& content);
// A checkpoint as `<size>-<digest>.note`.
absl::Status KeepNote(const std::string& folder, const std::string& note);
// Both sides of a fork: what was seen, and as `<old size>-<size>-<digest>.add-checkpoint` what was offered.
absl::Status KeepFork(const std::string& folder, const Fork& fork);

}  // namespace derwent::agents
