#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/cli/output.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"
#include "trust/note/quorum.h"

namespace derwent::cli {

// Everything here needs files alone: no broker, no agent, no configuration.

// A checkpoint's signature and origin. Error: kDataLoss naming the link that broke.
absl::StatusOr<trust::Checkpoint> VerifyCheckpointText(absl::string_view note, const trust::VerifierKey& log_key,
                                                       const std::string& origin);

// Whose log files are verified for, and what its checkpoints must carry.
struct Believed {
  trust::VerifierKey log_key;
  std::string origin;
  std::optional<trust::QuorumPolicy> quorum;  // Without: the log's signature alone counts.

  // `vkey` and `origin` as given or empty; `policy` a tlog-policy file or empty, then its only log is the log.
  // Error: kInvalidArgument naming what is missing or malformed.
  static absl::StatusOr<Believed> Make(const std::string& vkey, const std::string& origin, const std::string& policy);
};

// Verifies each file: a tlog-proof (signature, inclusion, opened fields), a checkpoint (signature), an `add-checkpoint`
// body (that it extends a checkpoint among the files); each folder: an export (export_check.h); cosignatures under the
// quorum; and that no two checkpoints seen, those of the proofs included, give one size two roots. Prints a line a
// file. Errors: kInvalidArgument a file cannot be read; kDataLoss naming file and link.
absl::Status VerifyFiles(const std::vector<std::string>& paths, const Believed& believed, std::ostream& out);

// A receipt that opens only the fields named (trust/entry, FieldName) of those that `text` opens; of all others their
// hashes stay, so that it proves the same entry. Verified before and after. Errors: as VerifyFiles; kInvalidArgument a
// field that is not opened in it, or an entry that has no fields.
absl::StatusOr<std::string> OpenOnly(const std::string& path, const std::vector<std::string>& fields,
                                     const Believed& believed);

// Verifies one tlog-proof and prints what it opens. Errors as VerifyFiles.
absl::Status OpenProof(const std::string& path, const Believed& believed, Format format, std::ostream& out);

}  // namespace derwent::cli
