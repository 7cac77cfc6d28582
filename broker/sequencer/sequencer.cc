#include "broker/sequencer/sequencer.h"

#include <utility>

#include "broker/exchange/command/refusal.h"
#include "trust/base/status_macros.h"

namespace derwent::sequencer {
namespace {

absl::Status LedgerUnavailable() {
  return exchange::Refuse(absl::StatusCode::kUnavailable, "LEDGER_UNAVAILABLE",
                          "the ledger could not be written; nothing was released; try again");
}

}  // namespace

Sequencer::Sequencer(const SequencerParts& parts, SequencerOptions options, SequencerEvents events)
    : store_(parts.store),
      log_(parts.log),
      world_(parts.world),
      tagger_(parts.tagger),
      clock_(parts.clock),
      random_(parts.random),
      options_(std::move(options)),
      events_(std::move(events)),
      thread_([this] { Loop(); }) {}

Sequencer::~Sequencer() { Stop(); }

absl::Status Sequencer::Enqueue(Command command) {
  MutexLock lock(mutex_);
  if (stopping_) return exchange::Refuse(absl::StatusCode::kUnavailable, "STOPPING", "the broker is stopping");
  if (queue_.size() + running_ >= options_.most_outstanding) {
    return exchange::Refuse(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "too many commands are outstanding");
  }
  queue_.push_back(std::move(command));
  wake_.NotifyOne();
  return absl::OkStatus();
}

size_t Sequencer::outstanding() const {
  MutexLock lock(mutex_);
  return queue_.size() + running_;
}

void Sequencer::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  std::deque<Command> left;
  {
    MutexLock lock(mutex_);
    left.swap(queue_);
  }
  for (Command& command : left)
    command.done(exchange::Refuse(absl::StatusCode::kUnavailable, "STOPPING", "the broker is stopping"), nullptr);
}

std::vector<Command> Sequencer::Take() {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_) wake_.Wait(mutex_);
  std::vector<Command> taken;
  if (stopping_) return taken;
  while (!queue_.empty() && taken.size() < options_.largest_batch) {
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  running_ = taken.size();
  return taken;
}

void Sequencer::Loop() {
  for (;;) {
    std::vector<Command> commands = Take();
    if (commands.empty()) return;
    while (!commands.empty()) commands = RunBatch(std::move(commands));
    MutexLock lock(mutex_);
    running_ = 0;
  }
}

absl::Status Sequencer::RunOne(Command& command, Undo undo, store::Transaction& transaction, Outcome& outcome) {
  if (!command.about_ledger && options_.may_write) {
    const absl::Status may = options_.may_write();
    if (!may.ok()) {
      outcome.answers.push_back({.status = may, .woken = {}});
      return absl::OkStatus();
    }
  }
  std::shared_ptr<const exchange::World> world = world_.Get();
  if (command.new_world != nullptr) world = command.new_world(*world);
  if (undo == Undo::kCommand) RETURN_IF_ERROR(transaction.Savepoint());
  const ledger::Log::Mark mark = log_.mark();
  const absl::Time now = clock_.Now();
  exchange::Batch batch(
      transaction,
      [&](const std::vector<ledger::EntryDraft>& drafts) { return log_.Append(transaction, drafts, now, random_); },
      *world, tagger_, now, random_);
  Answer answer{.status = command.run(batch), .woken = {}};
  if (events_.decided) events_.decided(clock_.Now() - now);
  if (!answer.status.ok()) {
    outcome.to_undo = undo == Undo::kBatch && batch.wrote();
    if (undo == Undo::kCommand) RETURN_IF_ERROR(transaction.RollbackTo());
    log_.RollbackTo(mark);
    outcome.answers.push_back(std::move(answer));
    return absl::OkStatus();
  }
  if (undo == Undo::kCommand) RETURN_IF_ERROR(transaction.Release());
  answer.woken = batch.woken();
  outcome.answers.push_back(std::move(answer));
  outcome.wrote = outcome.wrote || batch.wrote();
  outcome.new_world = command.new_world != nullptr ? world : batch.enacted();
  outcome.ends_batch = batch.registers_changed || outcome.new_world != nullptr;
  return absl::OkStatus();
}

absl::Status Sequencer::Reload(const exchange::World& base) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_.Read());
  if (needs_reload_) {
    RETURN_IF_ERROR(log_.Load(*reader));
    needs_reload_ = false;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const exchange::World> world, exchange::LoadRegisters(base, *reader));
  world_.Set(std::move(world));
  return absl::OkStatus();
}

absl::Status Sequencer::RunAll(std::vector<Command>& commands, Undo undo, store::Transaction& transaction,
                               Outcome& outcome) {
  for (Command& command : commands) {
    // A savepoint that cannot be ended: the batch as a whole is in doubt.
    RETURN_IF_ERROR(RunOne(command, undo, transaction, outcome));
    if (outcome.ends_batch || outcome.to_undo) break;
  }
  return absl::OkStatus();
}

absl::Status Sequencer::Write(std::vector<Command>& commands, Outcome& outcome) {
  if (needs_reload_) RETURN_IF_ERROR(Reload(*world_.Get()));
  const ledger::Log::Mark start = log_.mark();
  std::unique_ptr<store::Transaction> transaction;
  // To undo one command its savepoint keeps a copy of every page that it changes; hardly any has to be undone. So none
  // is kept until one is needed, and then the whole batch is run again.
  for (const Undo undo : {Undo::kBatch, Undo::kCommand}) {
    ASSIGN_OR_RETURN(transaction, store_.Begin());
    RETURN_IF_ERROR(RunAll(commands, undo, *transaction, outcome));
    if (!outcome.to_undo) break;
    transaction = nullptr;  // Undone.
    log_.RollbackTo(start);
    outcome = {};
  }
  if (!outcome.wrote) return absl::OkStatus();
  ASSIGN_OR_RETURN(outcome.sealed, log_.Seal(*transaction));
  return transaction->Commit();
}

void Sequencer::Fail(const absl::Status& why, std::vector<Command>& commands) {
  log_.Forget();
  needs_reload_ = true;
  events_.failed(why);
  for (Command& command : commands) command.done(LedgerUnavailable(), nullptr);
}

void Sequencer::ChangeWorld(const std::shared_ptr<const exchange::World>& new_world) {
  const std::shared_ptr<const exchange::World> old_world = world_.Get();
  const absl::Status reloaded = Reload(new_world != nullptr ? *new_world : *old_world);
  if (reloaded.ok()) return;
  if (new_world != nullptr) world_.Set(exchange::WithRegistersOf(*new_world, *old_world));
  needs_reload_ = true;
  log_.Forget();
  events_.failed(reloaded);
}

void Sequencer::Tell(const Outcome& outcome, std::vector<Command>& commands) {
  std::set<std::string> woken;
  for (size_t i = 0; i < outcome.answers.size(); ++i) {
    woken.insert(outcome.answers[i].woken.begin(), outcome.answers[i].woken.end());
    commands[i].done(outcome.answers[i].status, outcome.sealed);
  }
  if (!woken.empty()) events_.woken(woken);
}

std::vector<Command> Sequencer::RunBatch(std::vector<Command> commands) {
  Outcome outcome;
  const absl::Time start = clock_.Now();
  const absl::Status committed = Write(commands, outcome);
  if (store::EndsProcess(committed)) events_.fatal(committed);
  if (!committed.ok()) {
    Fail(committed, commands);
    return {};
  }
  if (outcome.ends_batch) ChangeWorld(outcome.new_world);
  const absl::Duration took = clock_.Now() - start;
  Tell(outcome, commands);
  if (outcome.wrote) events_.committed(outcome.answers.size(), took, outcome.sealed);
  commands.erase(commands.begin(), commands.begin() + static_cast<std::ptrdiff_t>(outcome.answers.size()));
  return commands;
}

}  // namespace derwent::sequencer
