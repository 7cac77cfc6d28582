#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// What proves that a log showed two histories, to anybody who has its key: two checkpoints, signed by it, that cannot
// both be. `derwent ledger verify` says so of the two as files.
struct Fork {
  std::string origin;
  std::string seen;     // The note of the largest tree seen before; empty when the offered one can be of no log.
  std::string offered;  // An `add-checkpoint` body: the other note, and the proof of the past it has.
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
  // Keeps a fork under the digest of the offered checkpoint's text. False: it is kept already, or a hundred are, of
  // which the first stay.
  absl::StatusOr<bool> KeepFork(const Fork& fork, const Sha256Digest& digest, absl::Time time);
  absl::StatusOr<std::vector<Fork>> Forks();
  // Keeps the note of a doubt (agents/witness/witness.h, TellDoubts), of which the newest sixteen stay. False: it is
  // kept already.
  absl::StatusOr<bool> KeepDoubt(absl::string_view note, const Sha256Digest& digest, absl::Time time);
  // The oldest first.
  absl::StatusOr<std::vector<std::string>> Doubts();
  // How many forks are kept.
  absl::StatusOr<int64_t> CountEvidence();

 private:
  explicit WitnessState(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace derwent::agents
