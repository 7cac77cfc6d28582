#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/witness/witness_state.h"
#include "trust/base/clock.h"
#include "trust/base/mutex.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"
#include "trust/note/note.h"
#include "trust/signature/ed25519.h"

namespace derwent::agents {

// What a witness answers: an HTTP status with its body.
struct WitnessAnswer {
  int status = 500;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// A witness (C2SP tlog-witness) of one log: it cosigns a checkpoint when that extends the largest tree it has seen, and
// never two that do not fit together. What it cosigns is durable before anybody sees the cosignature. Thread-safe;
// requests are served one after the other.
class Witness {
 public:
  // The keys by which the log is believed at this moment; of one origin for ever. Thread-safe.
  using LogKeySource = std::function<trust::LogKeys()>;

  // `log`: whose checkpoints are taken, asked at each. A note that was kept with lines of others is mended.
  // Errors: kInvalidArgument `name` is no key name; those of WitnessState.
  static absl::StatusOr<std::unique_ptr<Witness>> Open(const std::string& state_path, const std::string& name,
                                                       trust::Ed25519Key key, LogKeySource log, const Clock& clock);

  // The witness's own verifier key, type 0x04.
  const trust::VerifierKey& vkey() const { return vkey_; }
  // `POST …/add-checkpoint`. 200 with the cosignature line; 400 malformed, or the old size is over the checkpoint's;
  // 403 no key of the log signed that counts for its size; 404 no log of that origin; 409 the old size is not the one
  // seen last, with that; 422 it does not extend what was seen, which is kept, as a fork where it proves one, else as a
  // doubt; 500 the state cannot be read or written, or this machine's clock is behind the last cosignature.
  WitnessAnswer AddCheckpoint(absl::string_view body);
  // `GET …/<SHA-256 of the origin in lowercase hex>/checkpoint`: the newest with its cosignature; 404 none.
  WitnessAnswer Latest(absl::string_view origin_digest);
  // The largest tree seen of a log; of size 0: none. Error: kUnavailable, kDataLoss of the state.
  absl::StatusOr<WitnessView> Seen(absl::string_view origin);
  // Calls `tell` with every fork that is kept, and from now on with each new one before it is answered; never two at
  // once. `tell` must not call this. Error: of the state.
  absl::Status TellForks(std::function<void(const Fork&)> tell);
  // The same with the notes of doubts: larger checkpoints that the log signed, and whose proof shows neither that they
  // extend what was seen nor that they do not. A wrong proof of an honest one is such, and so is a fork that grows from
  // a size that is a power of two, of which a proof leaves the old root out: who can ask the log decides.
  absl::Status TellDoubts(std::function<void(const std::string& note)> tell);
  // Forks kept: what a log signed and cannot both be (agents/witness/fork.h).
  absl::StatusOr<int64_t> CountEvidence();

 private:
  Witness(std::unique_ptr<WitnessState> state, trust::VerifierKey vkey, trust::Ed25519Key key, LogKeySource log,
          const Clock& clock);

  // The note of one log, its signature verified; or the answer that refuses it.
  struct Offered {
    trust::Note note;  // With the log's own lines alone.
    trust::Checkpoint checkpoint;
  };
  absl::StatusOr<Offered> Read(absl::string_view note, WitnessAnswer& refusal) const;
  // The kept note with the lines of the log and of this witness alone.
  absl::Status MendKept();
  // Keeps and tells what does not extend `seen`.
  absl::Status KeepFailing(const WitnessView& seen, const Offered& offered, const trust::AddCheckpoint& request,
                           absl::Time now) DERWENT_REQUIRES(mutex_);
  absl::StatusOr<std::string> CosignAndKeep(const Offered& offered, uint64_t old_size, absl::Time now)
      DERWENT_REQUIRES(mutex_);

  const trust::VerifierKey vkey_;
  const trust::Ed25519Key key_;
  const LogKeySource log_;
  const Clock& clock_;
  Mutex mutex_;
  const std::unique_ptr<WitnessState> state_ GUARDED_BY(mutex_);
  // Empty: nobody is told.
  std::function<void(const Fork&)> tell_fork_ GUARDED_BY(mutex_);
  std::function<void(const std::string&)> tell_doubt_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
