#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/cli/output.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"

namespace derwent::cli {

// Everything here needs files alone: no broker, no agent, no configuration.

// A checkpoint's signature and origin. Error: kDataLoss naming the link that broke.
absl::StatusOr<trust::Checkpoint> VerifyCheckpointText(absl::string_view note, const trust::VerifierKey& log_key,
                                                       const std::string& origin);

// Verifies each file: a tlog-proof (signature, inclusion, opened fields) or a checkpoint (signature), and that no two
// checkpoints seen, those of the proofs included, give one size two roots. Prints a line a file. Empty `origin`: the
// key's name. Errors: kInvalidArgument a file or the key cannot be read; kDataLoss naming file and link.
absl::Status VerifyFiles(const std::vector<std::string>& paths, const std::string& vkey, const std::string& origin,
                         std::ostream& out);

// Verifies one tlog-proof and prints what it opens. Errors as VerifyFiles.
absl::Status OpenProof(const std::string& path, const std::string& vkey, const std::string& origin, Format format,
                       std::ostream& out);

}  // namespace derwent::cli
