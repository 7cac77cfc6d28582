#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/cli/terminal/output.h"
#include "derwent/v1/ledger.pb.h"
#include "trust/entry/opening.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"
#include "trust/note/quorum.h"
#include "trust/note/tlog_proof.h"

namespace derwent::cli {

// Everything here needs files alone: no broker, no agent, no configuration.

// A checkpoint's signature and origin. Error: kDataLoss naming the link that broke.
absl::StatusOr<trust::Checkpoint> VerifyCheckpointText(absl::string_view note, const trust::LogKeys& log_keys,
                                                       const std::string& origin);

// Whose log files are verified for, and what its checkpoints must carry.
struct Believed {
  trust::LogKeys log_keys;
  std::string origin;
  std::optional<trust::QuorumPolicy> quorum;  // Without: the log's signature alone counts.

  // `vkeys` as given, each `VKEY` or of an earlier key `VKEY@SIZE`; `origin` likewise or empty; `policy` a tlog-policy
  // file or empty. Where none of `vkeys` is the key in use, the policy's only other log is it; a policy that names no
  // log is of the log of `vkeys`. Error: kInvalidArgument naming what is missing or malformed, or the policy is of
  // another log.
  static absl::StatusOr<Believed> Make(const std::vector<std::string>& vkeys, const std::string& origin,
                                       const std::string& policy);
};

// Files of evidence are read up to this.
inline constexpr size_t kMostProofOctets = 4 << 20;

// kDataLoss: the file at `path` does not verify, and why.
absl::Status Broken(absl::string_view path, absl::string_view why);
// A tlog-proof's text, not verified. Error: kDataLoss naming file, line and rule.
absl::StatusOr<trust::TlogProof> ReadProof(absl::string_view path, absl::string_view text);
// A checkpoint's cosignatures, where a quorum is asked for. Errors: kDataLoss naming the file; Pending: those that it
// has verify, and more are needed.
absl::Status CheckCosigned(absl::string_view path, absl::string_view note, const Believed& believed);
// A tlog-proof whose `extra` opens its entry, verified by the log's signature; cosignatures are not looked at. Errors:
// kDataLoss naming file and link; kInvalidArgument it has no `extra`.
absl::StatusOr<trust::VerifiedReceipt> ReadLogged(absl::string_view path, absl::string_view text,
                                                  const Believed& believed);
// The same, and its cosignatures are checked. Errors: those of CheckCosigned too.
absl::StatusOr<trust::VerifiedReceipt> ReadReceipt(absl::string_view path, absl::string_view text,
                                                   const Believed& believed);

// What a receipt opens, in the shape an online answer has.
v1::LedgerEntry EntryOf(const trust::VerifiedReceipt& receipt);

// A receipt that opens only the fields named (trust/entry, FieldName) of those that `text` opens; of all others their
// hashes stay, so that it proves the same entry. Verified before and after. Errors: as ReadReceipt; kInvalidArgument a
// file cannot be read, a field that is not opened in it, or an entry that has no fields.
absl::StatusOr<std::string> OpenOnly(const std::string& path, const std::vector<std::string>& fields,
                                     const Believed& believed);

// Verifies one tlog-proof and prints what it opens. Errors: as ReadReceipt.
absl::Status OpenProof(const std::string& path, const Believed& believed, Format format, std::ostream& out);

}  // namespace derwent::cli
