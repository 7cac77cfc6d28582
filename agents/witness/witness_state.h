#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/base/digest.h"

struct sqlite3;

namespace derwent::agents {

// The largest tree that a witness has seen of one log.
struct WitnessView {
  uint64_t size = 0;
  Sha256Digest root;  // Of the empty tree while size is 0.
  std::string note;   // The checkpoint with the log's signature and the witness's own; empty while size is 0.
};

// What a witness must not forget: one SQLite file, synced at every change. Not thread-safe.
// Errors of every call: kUnavailable the file cannot be read or written; kDataLoss it is damaged.
class WitnessState {
 public:
  static absl::StatusOr<std::unique_ptr<WitnessState>> Open(const std::string& path);
  WitnessState(const WitnessState&) = delete;
  WitnessState& operator=(const WitnessState&) = delete;
  ~WitnessState();

  absl::StatusOr<std::optional<WitnessView>> Find(absl::string_view origin);
  // Durable on OK. Error: kAborted the log's size is no longer `old_size`.
  absl::Status Advance(absl::string_view origin, uint64_t old_size, const WitnessView& view);
  // Keeps a checkpoint, signed by its log, that does not extend what was seen. The newest hundred stay.
  absl::Status KeepEvidence(absl::string_view origin, absl::Time time, absl::string_view note);
  absl::StatusOr<int64_t> CountEvidence();

 private:
  explicit WitnessState(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace derwent::agents
