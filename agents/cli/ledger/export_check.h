#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "trust/base/digest.h"
#include "trust/note/log_keys.h"
#include "trust/note/quorum.h"

namespace derwent::cli {

// What a sound export was found to hold.
struct ExportReport {
  uint64_t entries = 0;
  uint64_t tiles = 0;
  Sha256Digest root;
  bool cosigned = true;  // False: a quorum is asked for, and more cosignatures are needed.
};

// Re-derives a folder of C2SP tlog-tiles from its entry bundles: every entry has a leaf's shape, every tile is that of
// the entries, the root is the one the checkpoint signs. Shares nothing with the code that writes exports but SHA-256.
// `roots`: sizes with the root that each had elsewhere; those of this log's past must be the same. `quorum`: null, or
// what the checkpoint's cosignatures must meet.
// Errors: kInvalidArgument it is no export, with neither checkpoint nor tiles; kDataLoss naming the file or entry where
// the chain breaks, also the one that is missing.
absl::StatusOr<ExportReport> CheckExport(const std::string& folder, const trust::LogKeys& log_keys,
                                         const std::string& origin, const trust::QuorumPolicy* quorum,
                                         const std::map<uint64_t, Sha256Digest>& roots);

}  // namespace derwent::cli
