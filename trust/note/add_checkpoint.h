#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"

namespace derwent::trust {

// The body of C2SP tlog-witness `add-checkpoint`: a checkpoint and the proof that it extends the tree of `old_size`.
struct AddCheckpoint {
  uint64_t old_size = 0;
  std::vector<Sha256Digest> path;
  std::string checkpoint;  // Verbatim note.

  // Strict: no leading zero, canonical base64, 63 hashes. Error: kInvalidArgument, the line. The note is not read.
  static absl::StatusOr<AddCheckpoint> Parse(absl::string_view text);
  std::string ToString() const;
};

}  // namespace derwent::trust
