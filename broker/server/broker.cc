#include "broker/server/broker.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/governance/past.h"
#include "broker/exchange/registers/index_keys.h"
#include "broker/exchange/registers/log_key.h"
#include "broker/rpc/authentication.h"
#include "broker/server/backup_upkeep.h"
#include "broker/server/evidence_folder.h"
#include "broker/server/front.h"
#include "broker/server/policy_at_start.h"
#include "broker/server/state_metrics.h"
#include "broker/server/trust_files.h"
#include "broker/server/watcher.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "broker/witness/cosigning.h"
#include "broker/witness/restart.h"
#include "broker/witness/rounds.h"
#include "broker/witness/standing.h"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::server {
namespace {

absl::Status WritePort(const std::string& path, int port) {
  if (path.empty()) return absl::OkStatus();
  const std::string part = path + ".part";
  std::ofstream(part) << port << "\n";
  if (std::rename(part.c_str(), path.c_str()) != 0)
    return absl::UnavailableError(absl::StrCat("cannot write the port file `", path, "`"));
  return absl::OkStatus();
}

class RunningBroker final : public Broker {
 public:
  explicit RunningBroker(Configuration configuration)
      : configuration_(std::move(configuration)),
        log_(stderr, clock_, "derwent-broker", "0.1.0"),
        metrics_(configuration_.metrics),
        room_(configuration_.most_waiting_octets),
        backups_(backup::BackupKeys(configuration_.backup_keys, configuration_.backup_lifetime), log_) {}
  ~RunningBroker() override { Stop(); }

  absl::Status Open() {
    RETURN_IF_ERROR(OpenLedger());
    RETURN_IF_ERROR(OpenWorld());
    pool_ = std::make_unique<rpc::WorkerPool>(configuration_.workers, configuration_.most_waiting_calls);
    sequencer_ = std::make_unique<sequencer::Sequencer>(
        sequencer::SequencerParts{
            .store = *store_, .log = *ledger_, .world = world_, .tagger = *tagger_, .clock = clock_, .random = random_},
        sequencer::SequencerOptions{.most_outstanding = configuration_.most_outstanding,
                                    .may_write = [this] { return MayWrite(); }},
        Events());
    runner_ = std::make_unique<rpc::Runner>(rpc::Parts{.sequencer = sequencer_.get(),
                                                       .world = &world_,
                                                       .store = store_.get(),
                                                       .tagger = tagger_.get(),
                                                       .clock = &clock_,
                                                       .random = &random_,
                                                       .pool = pool_.get(),
                                                       .waits = &waits_,
                                                       .metrics = &metrics_,
                                                       .room = &room_,
                                                       .answers = &answers_,
                                                       .gossip = gossip_.get(),
                                                       .log = &log_,
                                                       .share_octets = configuration_.limits.share_octets});
    front_ = Front::Make(configuration_, *runner_, ledger_->vkey().ToString(), Gathering());
    RETURN_IF_ERROR(front_->Serve());
    watcher_ = std::make_unique<Watcher>(configuration_, *sequencer_, world_, waits_, clock_, log_, metrics_,
                                         WatcherHooks{.may_write = [this] { return MayWrite().ok(); },
                                                      .looking = [this](absl::Time now) { Look(now); },
                                                      .ever_in_force = [this] { return EverInForce(); }});
    // The policy in force is an entry before the first decision under it is asked for by the watcher's clock.
    if (MayWrite().ok()) {
      RETURN_IF_ERROR(
          sequencer_->Enqueue({.run = [](exchange::Batch& batch) { return exchange::EnterPolicy(batch); },
                               .done = [](const absl::Status&, std::shared_ptr<const ledger::SealedBatch>) {},
                               .new_world = nullptr}));
    }
    log_.Write("info", "serving",
               {{"port", absl::StrCat(port())},
                {"policy_digest", world_.Get()->bundle->policy->digest},
                {"metrics_port", absl::StrCat(metrics_.port())}});
    return WritePort(configuration_.port_file, port());
  }

  int port() const override { return front_->port(); }

  void Stop() override {
    if (stopped_) return;
    stopped_ = true;
    if (front_ != nullptr) front_->health().SetDraining();
    if (watcher_ != nullptr) watcher_->Stop();
    for (rpc::MailboxWaits* const waits : {&waits_, &witness_waits_})
      waits->Stop(exchange::Refuse(absl::StatusCode::kUnavailable, "STOPPING", "the broker is stopping"));
    if (front_ != nullptr) front_->ShutDown(configuration_.shutdown_grace);
    if (sequencer_ != nullptr) sequencer_->Stop();
    if (pool_ != nullptr) pool_->Drain();
    if (front_ != nullptr) front_->Wait();
    metrics_.Close();
    log_.Write("info", "stopped", {});
  }

 private:
  absl::Status OpenLedger() {
    ASSIGN_OR_RETURN(store_,
                     store::OpenSqliteStore(
                         {.path = configuration_.database, .max_readers = configuration_.workers + 4, .vfs = ""}));
    absl::StatusOr<trust::Ed25519Key> key = trust::Ed25519Key::FromFile(configuration_.log_key);
    if (!key.ok()) return InFile("log_key", configuration_.log_key, key.status());
    std::optional<trust::Ed25519Key> next;
    if (!configuration_.next_log_key.empty()) {
      absl::StatusOr<trust::Ed25519Key> read = trust::Ed25519Key::FromFile(configuration_.next_log_key);
      if (!read.ok()) return InFile("next_log_key", configuration_.next_log_key, read.status());
      next = *std::move(read);
    }
    ledger_ = std::make_unique<ledger::Log>(configuration_.origin, *std::move(key), std::move(next));
    RETURN_IF_ERROR(ledger_->TakeOver(*store_));
    RETURN_IF_ERROR(OpenWitnesses());
    return OpenIndex();
  }

  // The keys of the subject index: every one under which anything was entered must be here.
  absl::Status OpenIndex() {
    ASSIGN_OR_RETURN(trust::SecretBytes current, trust::ReadSecretFile(configuration_.index_key));
    std::vector<trust::SecretBytes> earlier;
    for (const std::string& file : configuration_.earlier_index_keys) {
      ASSIGN_OR_RETURN(trust::SecretBytes key, trust::ReadSecretFile(file));
      earlier.push_back(std::move(key));
    }
    absl::StatusOr<ledger::Tagger> tagger = ledger::Tagger::Create(std::move(current), std::move(earlier));
    if (!tagger.ok()) return InFile("index_key", configuration_.index_key, tagger.status());
    tagger_ = std::make_unique<ledger::Tagger>(*std::move(tagger));
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_->Read());
    return exchange::CheckIndexKeys(tagger_->key_ids(), *reader);
  }

  // Whom this log needs, and whether anything that was shown before speaks against its database.
  absl::Status OpenWitnesses() {
    ASSIGN_OR_RETURN(const trust::LogKeys log_keys, ReadLogKeys(configuration_, ledger_->vkey()));
    ASSIGN_OR_RETURN(quorum_, ReadQuorum(configuration_, log_keys));
    restart_ = std::make_unique<witness::Restart>(*quorum_);
    evidence_ = std::make_unique<EvidenceFolder>(configuration_.database);
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_->Read());
      RETURN_IF_ERROR(evidence_->Check(log_keys, *reader));
      ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> newest, reader->NewestCheckpoint());
      if (newest.has_value()) rounds_.Grown(*newest);
    }
    gossip_ = std::make_unique<rpc::Gossip>(log_keys, *store_, [this](const std::string& note) { Refute(note); });
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Transaction> transaction, store_->Begin());
    RETURN_IF_ERROR(witness::JudgeAgain(*quorum_, *transaction));
    ASSIGN_OR_RETURN(std::string newest, witness::CosignedNote(*transaction));
    if (!quorum_->none()) gossip_->SetNewest(std::move(newest));
    return transaction->Commit();
  }

  absl::Status MayWrite() const {
    switch (restart_->state()) {
      case witness::Restart::State::kOpen:
        return absl::OkStatus();
      case witness::Restart::State::kAwaiting:
        return exchange::Refuse(
            absl::StatusCode::kUnavailable, "WITNESSES_AWAITED",
            "the broker started and writes nothing until a quorum of witnesses has shown what it saw");
      case witness::Restart::State::kRefuted:
        break;
    }
    return exchange::Refuse(absl::StatusCode::kUnavailable, "LEDGER_ROLLED_BACK",
                            "this log signed a checkpoint that its database does not hold: nothing is written");
  }

  rpc::Witnesses Gathering() {
    return {.quorum = quorum_.get(),
            .rounds = &rounds_,
            .restart = restart_.get(),
            .gossip = gossip_.get(),
            .waits = &witness_waits_,
            .refute = [this](const std::string& note) { Refute(note); },
            .opened = [this] { log_.Write("info", "a quorum of witnesses has shown what it saw: writing begins", {}); },
            .behind =
                [this](const std::string& name) {
                  log_.Write(
                      "error",
                      "a witness shows less than it cosigned: what it saw is lost, and it does not count at a start",
                      {{"witness", name}});
                }};
  }

  // Under `quorum none` nobody was asked to protect the history: it is told and kept, and writing goes on.
  void Refute(const std::string& note) {
    const MutexLock lock(refuting_);
    const absl::Status kept = evidence_->Keep(note);
    metrics_.LedgerRefuted();
    if (!quorum_->none() && !restart_->Refute() && kept.ok()) return;
    log_.Write("error",
               quorum_->none()
                   ? "ROLLBACK: this log signed a checkpoint that its database does not hold"
                   : "ROLLBACK: this log signed a checkpoint that its database does not hold: nothing is written any "
                     "more. Stop, put back the newest database, start",
               {{"evidence", evidence_->path()}, {"error", kept.ok() ? "" : std::string(kept.message())}});
  }

  // Says which key follows the log's, and which is the subject index's, once entries may be made. Until it is entered
  // it stays due.
  void EnterKeyChanges() {
    const absl::StatusOr<std::string> change = ledger_->KeyChange();
    const auto done = [this](const absl::Status& status, const std::shared_ptr<const ledger::SealedBatch>&) {
      if (!status.ok()) key_changes_due_ = true;
    };
    const auto enter = [change = change.value_or(""),
                        ids = tagger_->key_ids()](exchange::Batch& batch) -> absl::Status {
      RETURN_IF_ERROR(exchange::EnterLogKeyChange(change, batch));
      return exchange::EnterIndexKeys(ids, batch);
    };
    const absl::Status queued =
        !change.ok() ? change.status() : sequencer_->Enqueue({.run = enter, .done = done, .new_world = nullptr});
    if (!queued.ok()) key_changes_due_ = true;
  }

  // Entries that a jump of the clock dated ahead stay so; those that follow have their time until it is over.
  void LookAtClock(absl::Time now) {
    if (now - clock_looked_at_ < absl::Minutes(1) && now >= clock_looked_at_) return;
    clock_looked_at_ = now;
    const absl::StatusOr<std::unique_ptr<store::Reader>> reader = store_->Read();
    if (!reader.ok()) return;
    const absl::StatusOr<witness::Standing> standing = witness::StandingOf(**reader, *quorum_, now);
    if (!standing.ok() || standing->clock_behind == absl::ZeroDuration()) return;
    log_.Write("error", "CLOCK_BEHIND_LEDGER: the newest entry is dated ahead of the clock: check the clock",
               {{"seconds", absl::StrCat(absl::ToInt64Seconds(standing->clock_behind))}});
  }

  void Look(absl::Time now) {
    backups_.Look(now);
    LookAtClock(now);
    if (MayWrite().ok() && key_changes_due_.exchange(false)) EnterKeyChanges();
    if (rounds_.Advance(now)) witness_waits_.WakeAll();
    const std::shared_ptr<const exchange::World> world = world_.Get();
    witness_waits_.Tick(
        now, [&](const exchange::Caller& caller) { return rpc::Authentication::StillGood(caller, *world, now); });
    answers_.Tick([&](const rpc::Answer& answer) { return rpc::MayGoOn(answer, *world, now); });
  }

  absl::StatusOr<std::set<Sha256Digest>> EverInForce() {
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_->Read());
    return exchange::PoliciesEverInForce(*reader);
  }

  absl::Status OpenWorld() {
    ASSIGN_OR_RETURN(exchange::World world, ReadTrust(configuration_, clock_.Now()));
    world.quorum = quorum_;
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_->Read());
    ASSIGN_OR_RETURN(PolicyAtStart start, OpenPolicy(configuration_, world, *reader, clock_.Now()));
    for (const std::string& complaint : start.complaints) {
      log_.Write("error",
                 "POLICY NO LONGER VOUCHED FOR: it was good when it came into force and stays so. Activate another",
                 {{"policy_revision", absl::StrCat(start.bundle->revision)}, {"error", complaint}});
    }
    world.bundle = std::move(start.bundle);
    world.policy_time = clock_.Now();
    for (const policy::Problem& warning : world.bundle->warnings) {
      if (warning.severity == policy::Severity::kWarning)
        log_.Write("warning", "policy", {{"error", warning.ToString()}});
    }
    metrics_.PolicyInForce(world.bundle->policy->digest, false);
    ASSIGN_OR_RETURN(std::shared_ptr<const exchange::World> loaded, exchange::LoadRegisters(world, *reader));
    world_.Set(std::move(loaded));
    state_metrics_ = std::make_shared<StateMetrics>(*store_, world_, clock_);
    metrics_.Expose(state_metrics_);
    return absl::OkStatus();
  }

  sequencer::SequencerEvents Events() {
    return {.woken = [this](const std::set<std::string>& agencies) { waits_.Wake(agencies); },
            .decided = [this](absl::Duration took) { metrics_.Decided(took); },
            .committed =
                [this](size_t commands, absl::Duration took, std::shared_ptr<const ledger::SealedBatch> sealed) {
                  // Off the writer's thread: counting waits for nobody.
                  pool_->Finish([this, commands, took, sealed = std::move(sealed)] {
                    metrics_.Committed(commands, took, *sealed, *world_.Get()->bundle->policy);
                    if (sealed->size() > 0) rounds_.Grown({.size = sealed->size(), .note = sealed->note()});
                    if (rounds_.Advance(clock_.Now())) witness_waits_.WakeAll();
                  });
                  if (front_ != nullptr) front_->health().SetLedgerGood(true);
                },
            .failed =
                [this](const absl::Status& why) {
                  metrics_.CommitFailed();
                  if (front_ != nullptr) front_->health().SetLedgerGood(false);
                  log_.Write("error", "a commit failed; nobody was answered with success",
                             {{"error", std::string(why.message())}});
                },
            .fatal =
                [this](const absl::Status& why) {
                  log_.Write("error", "the medium failed to sync: ending", {{"error", std::string(why.message())}});
                  std::_Exit(70);
                }};
  }

  const Configuration configuration_;
  const SystemClock clock_;
  trust::SystemRandom random_;
  rpc::JsonLog log_;
  rpc::Metrics metrics_;
  rpc::RequestRoom room_;
  rpc::AnswersUnderWay answers_;
  BackupUpkeep backups_;  // Looked at by the watcher alone.
  sequencer::CurrentWorld world_;
  rpc::MailboxWaits waits_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ledger::Log> ledger_;
  std::unique_ptr<ledger::Tagger> tagger_;
  std::shared_ptr<const witness::Quorum> quorum_;  // Shared with each world.
  std::unique_ptr<witness::Restart> restart_;
  std::unique_ptr<EvidenceFolder> evidence_;
  Mutex refuting_;
  std::unique_ptr<rpc::Gossip> gossip_;
  witness::Rounds rounds_;
  rpc::MailboxWaits witness_waits_;
  std::shared_ptr<StateMetrics> state_metrics_;  // Shared: the exposer keeps a weak reference.
  std::unique_ptr<rpc::WorkerPool> pool_;
  std::unique_ptr<sequencer::Sequencer> sequencer_;
  std::unique_ptr<rpc::Runner> runner_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<Watcher> watcher_;
  bool stopped_ = false;
  absl::Time clock_looked_at_ = absl::InfinitePast();  // The watcher's alone.
  std::atomic<bool> key_changes_due_ = true;           // Taken by the watcher, given back by the writer.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(Configuration configuration) {
  auto broker = std::make_unique<RunningBroker>(std::move(configuration));
  RETURN_IF_ERROR(broker->Open());
  return broker;
}

}  // namespace derwent::server
