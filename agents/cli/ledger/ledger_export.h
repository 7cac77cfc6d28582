#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/merkle/tile.h"
#include "trust/merkle/tree.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"

namespace derwent::cli {

// Writes a log as C2SP tlog-tiles files under one folder: `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`, then
// `log.vkey` (the key in use), `quorum.policy` and last `checkpoint`. What is there already is never changed: an older
// export of the same log is continued, one of another history refused. Not thread-safe.
class LedgerExport {
 public:
  // A folder that holds nothing, or an export of this log. Error: kDataLoss its checkpoint is not one of the log's.
  static absl::StatusOr<LedgerExport> Open(const std::string& folder, const trust::LogKeys& log_keys);

  // The next leaf. Errors: kInvalidArgument over 65,535 octets; kDataLoss the folder is of another history;
  // kUnavailable a file cannot be written.
  absl::Status Append(absl::string_view leaf);
  // The log is whole: writes what is partial and the checkpoint, the root of which must be ours.
  // Errors: as Append; kDataLoss the leaves do not give the signed root, or the folder holds more.
  // `policy`: the tlog-policy that goes with it; empty: `quorum none`.
  absl::Status Finish(absl::string_view note, absl::string_view policy = "");
  uint64_t size() const { return edge_.size(); }

 private:
  LedgerExport(std::string folder, trust::LogKeys log_keys)
      : folder_(std::move(folder)), log_keys_(std::move(log_keys)) {}
  absl::Status WriteTile(size_t level);
  absl::Status WriteBundle();

  std::string folder_;
  trust::LogKeys log_keys_;
  trust::Checkpoint before_;  // Of what the folder held; size 0 when nothing.
  trust::RightEdge edge_;
  std::string bundle_;
  std::vector<std::string> tiles_;  // The hashes of each level's last tile.
};

}  // namespace derwent::cli
