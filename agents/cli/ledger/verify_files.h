#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/cli/ledger/offline_ledger.h"

namespace derwent::cli {

// What is verified together.
struct FilesToVerify {
  std::vector<std::string> paths;
  std::string leaf;         // The file of the one tlog-proof's leaf; empty: each proof opens its own in `extra`.
  bool any_origin = false;  // The log's name is what the first file says, and is printed: a key may have another.
};

// Verifies each file: a tlog-proof (signature, inclusion, opened fields), a checkpoint (signature), an `add-checkpoint`
// body (that it extends a checkpoint among the files); each folder: an export (export_check.h); cosignatures under the
// quorum; and that all checkpoints seen, those of the proofs included, are of one history: no size has two roots, and
// each is shown to be the past of the largest, by a proof among the files or an export. Prints a line a file, then
// `verified`, or what nothing among the files shows.
//
// Returns the exit code: kExitDone; kExitPartial each file verifies and that they are of one history is not shown.
// Errors: kInvalidArgument a file cannot be read, or one that is needed is not among them; kDataLoss naming file and
// link, of a malformed file its line and rule.
absl::StatusOr<int> VerifyFiles(const FilesToVerify& files, const Believed& believed, std::ostream& out);

}  // namespace derwent::cli
