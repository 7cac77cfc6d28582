#include "broker/sequencer/sequencer.h"

#include <iterator>
#include <utility>

#include "broker/exchange/refusal.h"
#include "trust/base/status_macros.h"

namespace derwent::sequencer {
namespace {

absl::Status LedgerUnavailable() {
  return exchange::Refuse(absl::StatusCode::kUnavailable, "LEDGER_UNAVAILABLE",
                          "the ledger could not be written; nothing was released; try again");
}

}  // namespace

Sequencer::Sequencer(store::Store& store, ledger::Log& log, CurrentWorld& world, const ledger::Tagger& tagger,
                     const Clock& clock, trust::Random& random, SequencerOptions options, SequencerEvents events)
    : store_(store),
      log_(log),
      world_(world),
      tagger_(tagger),
      clock_(clock),
      random_(random),
      options_(options),
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

absl::StatusOr<Sequencer::Answer> Sequencer::RunOne(Command& command, store::Transaction& transaction, bool& wrote,
                                                    bool& ends_batch) {
  const std::shared_ptr<const exchange::World> world = command.new_world != nullptr ? command.new_world : world_.Get();
  RETURN_IF_ERROR(transaction.Savepoint());
  const ledger::Log::Mark mark = log_.mark();
  const absl::Time now = clock_.Now();
  exchange::Batch batch(
      transaction,
      [&](const std::vector<ledger::EntryDraft>& drafts) { return log_.Append(transaction, drafts, now, random_); },
      *world, tagger_, now, random_);
  Answer answer{.status = command.run(batch), .woken = {}};
  if (events_.decided) events_.decided(clock_.Now() - now);
  if (!answer.status.ok()) {
    RETURN_IF_ERROR(transaction.RollbackTo());
    log_.RollbackTo(mark);
    return answer;
  }
  RETURN_IF_ERROR(transaction.Release());
  answer.woken = batch.woken();
  wrote = wrote || batch.wrote();
  ends_batch = batch.registers_changed || command.new_world != nullptr;
  return answer;
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

std::vector<Command> Sequencer::RunBatch(std::vector<Command> commands) {
  std::vector<Command> later;
  std::vector<absl::StatusOr<Answer>> answers;
  bool wrote = false;
  bool ends_batch = false;
  std::shared_ptr<const ledger::SealedBatch> sealed;
  std::shared_ptr<const exchange::World> new_world;
  const absl::Time start = clock_.Now();
  const absl::Status committed = [&]() -> absl::Status {
    if (needs_reload_) RETURN_IF_ERROR(Reload(*world_.Get()));
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Transaction> transaction, store_.Begin());
    for (size_t i = 0; i < commands.size() && !ends_batch; ++i) {
      answers.push_back(RunOne(commands[i], *transaction, wrote, ends_batch));
      RETURN_IF_ERROR(answers.back().status());  // A savepoint that cannot be ended: the batch as a whole is in doubt.
      if (ends_batch) new_world = commands[i].new_world;
    }
    if (!wrote) return absl::OkStatus();
    ASSIGN_OR_RETURN(sealed, log_.Seal(*transaction));
    return transaction->Commit();
  }();
  if (store::EndsProcess(committed)) events_.fatal(committed);
  if (!committed.ok()) {
    // Nobody is told of success: what is durable is found again from the store alone.
    log_.Forget();
    needs_reload_ = true;
    events_.failed(committed);
    for (Command& command : commands) command.done(LedgerUnavailable(), nullptr);
    return later;
  }
  if (ends_batch) {
    const std::shared_ptr<const exchange::World> old_world = world_.Get();
    const absl::Status reloaded = Reload(new_world != nullptr ? *new_world : *old_world);
    if (!reloaded.ok()) {
      if (new_world != nullptr) world_.Set(exchange::WithRegistersOf(*new_world, *old_world));
      needs_reload_ = true;
      log_.Forget();
      events_.failed(reloaded);
    }
  }
  if (wrote) events_.committed(answers.size(), clock_.Now() - start, sealed);
  std::set<std::string> woken;
  for (size_t i = 0; i < answers.size(); ++i) {
    woken.insert(answers[i]->woken.begin(), answers[i]->woken.end());
    commands[i].done(answers[i]->status, sealed);
  }
  if (!woken.empty()) events_.woken(woken);
  later.assign(std::make_move_iterator(commands.begin() + static_cast<std::ptrdiff_t>(answers.size())),
               std::make_move_iterator(commands.end()));
  return later;
}

}  // namespace derwent::sequencer
