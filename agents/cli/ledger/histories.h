#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "trust/base/digest.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"

namespace derwent::cli {

// What checkpoints of one log, each verified, say together, and what is shown of their belonging to one history.
class Histories {
 public:
  // Of a checkpoint found in `path`. Error: kDataLoss the log signed another root for this size.
  absl::Status Add(const std::string& path, const trust::Checkpoint& checkpoint);
  // That `checkpoint`, which was added, extends the tree of the proof's old size. Errors: kInvalidArgument no
  // checkpoint of that size was added; kDataLoss the proof does not show it.
  absl::Status Extends(const std::string& path, const trust::AddCheckpoint& proof, const trust::Checkpoint& checkpoint);
  // That the tree of `size` was hashed again and held against every smaller one (export_check.h).
  void Rehashed(uint64_t size) { rehashed_.push_back(size); }

  // Size to root.
  const std::map<uint64_t, Sha256Digest>& roots() const { return roots_; }
  // The largest size; 0 when there is none.
  uint64_t newest() const { return roots_.empty() ? 0 : roots_.rbegin()->first; }
  // The sizes that nothing shows to be the past of the largest.
  std::vector<uint64_t> Unconnected() const;

 private:
  struct Extension {
    uint64_t old_size = 0;
    uint64_t size = 0;
  };

  std::map<uint64_t, Sha256Digest> roots_;
  std::map<uint64_t, std::string> files_;  // Size to the first file that says so.
  std::vector<Extension> extensions_;
  std::vector<uint64_t> rehashed_;
};

}  // namespace derwent::cli
