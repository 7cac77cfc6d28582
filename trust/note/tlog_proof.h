#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/note/checkpoint.h"

namespace derwent::trust {

// C2SP tlog-proof (draft): index, inclusion proof and checkpoint in one text. `extra` is not authenticated.
struct TlogProof {
  std::string extra;  // Empty when there is no extra line.
  uint64_t index = 0;
  std::vector<Sha256Digest> path;
  std::string checkpoint;  // Verbatim note.

  // Strict: canonical base64, 63 hashes at most. Error: kInvalidArgument naming line and rule.
  static absl::StatusOr<TlogProof> Parse(absl::string_view text);
  std::string ToString() const;
};

// Verifies that a leaf hash is in the log: the log's signature, then inclusion. Returns the checkpoint.
// Errors: kUnauthenticated, kDataLoss, kInvalidArgument.
absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Sha256Digest& leaf_hash,
                                           const LogKeys& log_keys, absl::string_view origin);

}  // namespace derwent::trust
