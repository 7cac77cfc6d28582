#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "trust/merkle/tile.h"
#include "trust/merkle/tree.h"
#include "trust/note/note.h"

namespace derwent::cli {

// Writes a log as C2SP tlog-tiles files under one folder: `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`, then
// `log.vkey`, `quorum.policy` and last `checkpoint`. What is there already is never changed: an older export of the
// same log is continued, one of another history refused. Not thread-safe.
class LedgerExport {
 public:
  explicit LedgerExport(std::string folder) : folder_(std::move(folder)) {}

  // The next leaf. Errors: kInvalidArgument over 65,535 octets; kDataLoss a file there holds other octets;
  // kUnavailable a file cannot be written.
  absl::Status Append(absl::string_view leaf);
  // The log is whole: writes what is partial and the checkpoint, the root of which must be ours.
  // Errors: as Append; kDataLoss the leaves do not give the signed root.
  absl::Status Finish(absl::string_view note, const trust::VerifierKey& log_key);
  uint64_t size() const { return edge_.size(); }

 private:
  absl::Status WriteTile(size_t level);
  absl::Status WriteBundle();

  std::string folder_;
  trust::RightEdge edge_;
  std::string bundle_;
  std::vector<std::string> tiles_;  // The hashes of each level's last tile.
};

}  // namespace derwent::cli
