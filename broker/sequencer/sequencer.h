#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

#include "broker/exchange/command/batch.h"
#include "broker/ledger/log.h"
#include "broker/ledger/tagger.h"
#include "broker/sequencer/current_world.h"
#include "broker/store/store.h"
#include "trust/base/clock.h"
#include "trust/base/mutex.h"
#include "trust/secret/random.h"

namespace derwent::sequencer {

// One command for the writer.
struct Command {
  // Decides and writes through the batch. A failure undoes what it wrote and fails nobody else. Called once more, after
  // all that it wrote was undone, where another command of its batch is to be undone.
  std::function<absl::Status(exchange::Batch&)> run;
  // Called once, on the writer's thread, after the commit: hands the result to a worker, or answers where no other
  // command is outstanding. `sealed` is the committed batch, or null when nothing was written.
  std::function<void(const absl::Status& status, std::shared_ptr<const ledger::SealedBatch> sealed)> done;
  // Makes, of the world in force, the one that this command is run under and that comes into force with its commit;
  // null: none.
  std::function<std::shared_ptr<const exchange::World>(const exchange::World&)> new_world;
  // It makes no entry and says itself whether entries may be made: `may_write` is not asked.
  bool about_ledger = false;
};

// What the writer works on. Borrowed: must outlive it. `log` must have taken over and loaded.
struct SequencerParts {
  store::Store& store;
  ledger::Log& log;
  CurrentWorld& world;
  const ledger::Tagger& tagger;
  const Clock& clock;
  trust::Random& random;
};

struct SequencerOptions {
  size_t largest_batch = 256;
  size_t most_outstanding = 4096;
  // Why nothing may be written now, asked before each command; empty: it always may.
  std::function<absl::Status()> may_write;
};

// What the writer's owner is told; each called on the writer's thread and quick.
struct SequencerEvents {
  std::function<void(const std::set<std::string>& agencies)> woken;  // Something came into their mailboxes.
  std::function<void(absl::Duration took)> decided;                  // One command's rule ran.
  std::function<void(size_t commands, absl::Duration commit, std::shared_ptr<const ledger::SealedBatch> sealed)>
      committed;
  std::function<void(const absl::Status& why)> failed;  // A commit failed; nobody was answered with success.
  std::function<void(const absl::Status& why)> fatal;   // The medium failed to sync: end the process.
};

// The one writer: takes commands in order, runs the exchange's rules against the state as it stands, and commits state,
// ledger entries and deliveries of a batch as one durable transaction. A batch is whatever waited while the one before
// was committed; no timer. Decision, state and evidence cannot race: one thread, one transaction.
class Sequencer {
 public:
  Sequencer(const SequencerParts& parts, SequencerOptions options, SequencerEvents events);
  ~Sequencer();
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  // Error: kResourceExhausted with 4,096 outstanding; kUnavailable once stopping. Then `done` is not called.
  absl::Status Enqueue(Command command);
  // Finishes what was taken, answers the rest kUnavailable, joins the thread. Idempotent.
  void Stop();
  size_t outstanding() const;

 private:
  struct Answer {
    absl::Status status;
    std::set<std::string> woken;
  };
  // What of a batch is undone when a command fails after it wrote: everything, or what that one wrote.
  enum class Undo { kBatch, kCommand };
  // What a batch came to. Its commands are the first `answers.size()` of those that were taken.
  struct Outcome {
    std::vector<Answer> answers;
    bool wrote = false;
    bool to_undo = false;                               // All of it: a command failed after it wrote.
    bool ends_batch = false;                            // Registers changed, or a new world comes with it.
    std::shared_ptr<const exchange::World> new_world;   // null: none came
    std::shared_ptr<const ledger::SealedBatch> sealed;  // null: nothing was written
  };
  void Loop();
  std::vector<Command> Take();
  // Runs one batch; returns the commands that must wait for the next.
  std::vector<Command> RunBatch(std::vector<Command> commands);
  // Runs the commands up to the first that ends the batch, and commits. Error: the batch as a whole is in doubt.
  absl::Status Write(std::vector<Command>& commands, Outcome& outcome);
  absl::Status RunAll(std::vector<Command>& commands, Undo undo, store::Transaction& transaction, Outcome& outcome);
  absl::Status RunOne(Command& command, Undo undo, store::Transaction& transaction, Outcome& outcome);
  // Nobody is told of success: what is durable is found again from the store alone.
  void Fail(const absl::Status& why, std::vector<Command>& commands);
  // After the commit that changed it: `new_world`, or the world as it was, with the registers as stored.
  void ChangeWorld(const std::shared_ptr<const exchange::World>& new_world);
  void Tell(const Outcome& outcome, std::vector<Command>& commands);
  // `base` with the registers of the store comes into force, all at once: nobody sees a new policy or revocation list
  // with registers that are older than those in force.
  absl::Status Reload(const exchange::World& base);

  store::Store& store_;
  ledger::Log& log_;
  CurrentWorld& world_;
  const ledger::Tagger& tagger_;
  const Clock& clock_;
  trust::Random& random_;
  const SequencerOptions options_;
  const SequencerEvents events_;
  bool needs_reload_ = false;  // Writer's thread only: a commit failed and the log was dropped.

  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Command> queue_ GUARDED_BY(mutex_);
  size_t running_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derwent::sequencer
