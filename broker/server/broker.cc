#include "broker/server/broker.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

#include "broker/exchange/index_keys.h"
#include "broker/exchange/log_key.h"
#include "broker/exchange/past.h"
#include "broker/exchange/policy_check.h"
#include "broker/exchange/refusal.h"
#include "broker/exchange/rules.h"
#include "broker/rpc/audit_service.h"
#include "broker/rpc/authentication.h"
#include "broker/rpc/emergency_service.h"
#include "broker/rpc/services.h"
#include "broker/server/evidence_folder.h"
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

std::shared_ptr<grpc::ServerCredentials> Credentials(const Configuration& c) {
  // Files are read again within a second when they change, so certificates rotate without a restart.
  const auto provider =
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(c.key, c.certificate, c.ca, 1);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

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
        metrics_(configuration_.metrics) {}
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
                                                       .gossip = gossip_.get(),
                                                       .log = &log_});
    RETURN_IF_ERROR(Serve());
    watcher_ = std::make_unique<Watcher>(configuration_, *sequencer_, world_, waits_, clock_, log_, metrics_,
                                         WatcherHooks{.may_write = [this] { return MayWrite().ok(); },
                                                      .looking = [this](absl::Time now) { Look(now); }});
    // The policy in force is an entry before the first decision under it is asked for by the watcher's clock.
    if (MayWrite().ok()) {
      RETURN_IF_ERROR(
          sequencer_->Enqueue({.run = [](exchange::Batch& batch) { return exchange::EnterPolicy(batch); },
                               .done = [](const absl::Status&, std::shared_ptr<const ledger::SealedBatch>) {},
                               .new_world = nullptr}));
    }
    log_.Write("info", "serving",
               {{"port", absl::StrCat(port_)},
                {"policy_digest", world_.Get()->bundle->policy->digest},
                {"metrics_port", absl::StrCat(metrics_.port())}});
    return WritePort(configuration_.port_file, port_);
  }

  int port() const override { return port_; }

  void Stop() override {
    if (stopped_) return;
    stopped_ = true;
    if (health_ != nullptr) health_->SetDraining();
    if (watcher_ != nullptr) watcher_->Stop();
    for (rpc::MailboxWaits* const waits : {&waits_, &witness_waits_})
      waits->Stop(exchange::Refuse(absl::StatusCode::kUnavailable, "STOPPING", "the broker is stopping"));
    if (server_ != nullptr)
      server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(configuration_.shutdown_grace));
    if (sequencer_ != nullptr) sequencer_->Stop();
    if (pool_ != nullptr) pool_->Drain();
    if (server_ != nullptr) server_->Wait();
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
    ASSIGN_OR_RETURN(quorum_, ReadQuorum(configuration_, ledger_->vkey()));
    restart_ = std::make_unique<witness::Restart>(*quorum_);
    evidence_ = std::make_unique<EvidenceFolder>(configuration_.database);
    {
      ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_->Read());
      RETURN_IF_ERROR(evidence_->Check(ledger_->vkey(), *reader));
      ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> newest, reader->NewestCheckpoint());
      if (newest.has_value()) rounds_.Grown(*newest);
    }
    gossip_ =
        std::make_unique<rpc::Gossip>(ledger_->vkey(), *store_, [this](const std::string& note) { Refute(note); });
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

  void Look(absl::Time now) {
    if (MayWrite().ok() && key_changes_due_.exchange(false)) EnterKeyChanges();
    if (rounds_.Advance(now)) witness_waits_.WakeAll();
    const std::shared_ptr<const exchange::World> world = world_.Get();
    witness_waits_.Tick(
        now, [&](const exchange::Caller& caller) { return rpc::Authentication::StillGood(caller, *world, now); });
  }

  // A revision as it was judged when it came into force: who signed it may have left since, and the exchange goes on.
  absl::StatusOr<std::shared_ptr<const policy::Bundle>> Activated(const store::PolicyRow& row,
                                                                  const exchange::World& trusted) {
    ASSIGN_OR_RETURN(const policy::Files files, exchange::FilesOfRevision(row));
    auto bundle = exchange::LoadAsOf(files, trusted, row.activate_time.value_or(clock_.Now()));
    if (!bundle.ok()) return bundle;
    const absl::Status today = exchange::LoadRevision(row, trusted.roots(), clock_.Now()).status();
    if (!today.ok())
      log_.Write("error",
                 "POLICY NO LONGER VOUCHED FOR: it was good when it was activated and stays in force. Activate another",
                 {{"policy_revision", absl::StrCat(row.revision)}, {"error", std::string(today.message())}});
    return bundle;
  }

  absl::Status OpenWorld() {
    ASSIGN_OR_RETURN(exchange::World world, ReadTrust(configuration_, clock_.Now()));
    world.quorum = quorum_;
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store_->Read());
    ASSIGN_OR_RETURN(const std::optional<store::PolicyRow> activated, reader->PolicyInForce());
    // Once a signatory has activated a revision, it is what is in force, whatever lies on disk.
    absl::StatusOr<std::shared_ptr<const policy::Bundle>> bundle =
        activated.has_value() ? Activated(*activated, world)
                              : ReadBundle(configuration_.policy, world.roots(), clock_.Now());
    if (!bundle.ok()) return bundle.status();
    world.bundle = *std::move(bundle);
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
                    metrics_.Committed(commands, took, *sealed);
                    if (sealed->size() > 0) rounds_.Grown({.size = sealed->size(), .note = sealed->note()});
                    if (rounds_.Advance(clock_.Now())) witness_waits_.WakeAll();
                  });
                  if (health_ != nullptr) health_->SetLedgerGood(true);
                },
            .failed =
                [this](const absl::Status& why) {
                  metrics_.CommitFailed();
                  if (health_ != nullptr) health_->SetLedgerGood(false);
                  log_.Write("error", "a commit failed; nobody was answered with success",
                             {{"error", std::string(why.message())}});
                },
            .fatal =
                [this](const absl::Status& why) {
                  log_.Write("error", "the medium failed to sync: ending", {{"error", std::string(why.message())}});
                  std::_Exit(70);
                }};
  }

  absl::Status Serve() {
    referral_ = std::make_unique<rpc::ReferralService>(*runner_);
    cases_ = std::make_unique<rpc::CaseService>(*runner_);
    case_requests_ = std::make_unique<rpc::CaseRequestService>(*runner_);
    mailbox_ = std::make_unique<rpc::MailboxService>(*runner_);
    audit_ = std::make_unique<rpc::AuditService>(*runner_);
    ledger_service_ = std::make_unique<rpc::LedgerService>(*runner_, ledger_->vkey().ToString());
    witness_service_ = std::make_unique<rpc::WitnessService>(*runner_, Gathering());
    keys_ = std::make_unique<rpc::KeyService>(*runner_);
    registers_ = std::make_unique<rpc::RegisterService>(*runner_);
    erasures_ = std::make_unique<rpc::ErasureService>(*runner_);
    policy_ = std::make_unique<rpc::PolicyService>(*runner_);
    policy_changes_ = std::make_unique<rpc::PolicyChangeService>(*runner_);
    emergencies_ = std::make_unique<rpc::EmergencyService>(*runner_);
    health_ = std::make_unique<rpc::HealthService>(*runner_, *restart_);
    // Describes the contract, which is public, to whoever has a certificate of the consortium.
    if (configuration_.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(configuration_.listen, Credentials(configuration_), &port_);
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{
             referral_.get(), cases_.get(), case_requests_.get(), mailbox_.get(), ledger_service_.get(),
             witness_service_.get(), audit_.get(), keys_.get(), registers_.get(), erasures_.get(), policy_.get(),
             policy_changes_.get(), emergencies_.get(), health_.get()}) {
      builder.RegisterService(service);
    }
    builder.SetMaxReceiveMessageSize(static_cast<int>(configuration_.limits.share_octets + (1 << 20)));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, configuration_.most_connection_streams);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               static_cast<int>(absl::ToInt64Milliseconds(configuration_.longest_connection)));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0)
      return absl::UnavailableError(absl::StrCat("cannot serve on `", configuration_.listen, "`"));
    return absl::OkStatus();
  }

  const Configuration configuration_;
  const SystemClock clock_;
  trust::SystemRandom random_;
  rpc::JsonLog log_;
  rpc::Metrics metrics_;
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
  std::unique_ptr<rpc::ReferralService> referral_;
  std::unique_ptr<rpc::CaseService> cases_;
  std::unique_ptr<rpc::CaseRequestService> case_requests_;
  std::unique_ptr<rpc::MailboxService> mailbox_;
  std::unique_ptr<rpc::LedgerService> ledger_service_;
  std::unique_ptr<rpc::WitnessService> witness_service_;
  std::unique_ptr<rpc::AuditService> audit_;
  std::unique_ptr<rpc::KeyService> keys_;
  std::unique_ptr<rpc::RegisterService> registers_;
  std::unique_ptr<rpc::ErasureService> erasures_;
  std::unique_ptr<rpc::PolicyService> policy_;
  std::unique_ptr<rpc::PolicyChangeService> policy_changes_;
  std::unique_ptr<rpc::EmergencyService> emergencies_;
  std::unique_ptr<rpc::HealthService> health_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Watcher> watcher_;
  int port_ = 0;
  bool stopped_ = false;
  std::atomic<bool> key_changes_due_ = true;  // Taken by the watcher, given back by the writer.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(Configuration configuration) {
  auto broker = std::make_unique<RunningBroker>(std::move(configuration));
  RETURN_IF_ERROR(broker->Open());
  return broker;
}

}  // namespace derwent::server
