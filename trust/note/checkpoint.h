#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/base/digest.h"
#include "trust/note/log_keys.h"
#include "trust/note/note.h"

namespace derwent::trust {

// C2SP tlog-checkpoint: the body of a signed note.
struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Sha256Digest root;
  std::string extensions;  // Zero or more non-empty lines, each with its newline.

  // Errors: kInvalidArgument, the line: empty origin, leading zero, size over 2^63 - 1, root not base64 of 32 octets.
  static absl::StatusOr<Checkpoint> ParseBody(absl::string_view body);
  std::string Body() const;
};

// Verifies a note by a key of the log that counts for its size. Errors: as Note, ParseBody, LogKeys::Signers; kDataLoss
// a wrong root of no entries.
absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, const LogKeys& log_keys);

}  // namespace derwent::trust
