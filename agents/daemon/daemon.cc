#include "agents/daemon/daemon.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

#include "agents/daemon/context/backoff.h"
#include "agents/daemon/sending/mapping.h"
#include "trust/base/status_macros.h"
#include "trust/note/policy_log.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

constexpr absl::Duration kLongPoll = absl::Seconds(20);
constexpr absl::Duration kSendInterval = absl::Milliseconds(500);

absl::StatusOr<std::unique_ptr<AgencyIdentity>> LoadIdentity(const AgentConfig& config, trust::Random& random) {
  auto identity = std::make_unique<AgencyIdentity>();
  identity->agency = config.agency;
  ASSIGN_OR_RETURN(
      identity->keys,
      OwnKeys::Load({.signing = config.signing, .sealing = config.sealing, .folder = config.state_dir + "/keys"}));
  for (const auto& [enclave, path] : config.reference_keys) {
    ASSIGN_OR_RETURN(identity->reference_keys[enclave], LoadSecret(path, /*make=*/false, random));
  }
  ASSIGN_OR_RETURN(identity->storage_key, LoadSecret(config.state_dir + "/storage.key", /*make=*/true, random));
  identity->contact.owner.set_agency(config.agency);
  identity->contact.owner.set_spoc_role(config.contact_role);
  identity->contact.owner.set_phone(config.contact_phone);
  identity->contact.owner.set_email(config.contact_email);
  identity->contact.relay.set_agency(config.agency);
  identity->contact.relay.set_supporter_role(config.contact_role);
  identity->contact.relay.set_instruction("send_message_via_supporter");
  return identity;
}

absl::StatusOr<v1::Directory> ReadDirectory(const AgentConfig& config) {
  v1::Directory directory;
  if (config.directory.empty()) return directory;
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(config.directory));
  if (!google::protobuf::TextFormat::ParseFromString(text, &directory) || directory.agency() != config.agency) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", config.directory, "` is not the text of this agency's Directory"));
  }
  return directory;
}

// The quorum policy, of the log that this agent believes.
absl::StatusOr<trust::QuorumPolicy> ReadQuorum(const AgentConfig& config, const trust::LogKeys& log_keys) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(config.quorum, trust::kMaxNoteSize));
  absl::StatusOr<trust::QuorumPolicy> policy = trust::QuorumPolicy::Parse(text);
  if (!policy.ok())
    return absl::InvalidArgumentError(absl::StrCat("`", config.quorum, "`: ", policy.status().message()));
  if (!trust::IsOfLog(*policy, log_keys))
    return absl::InvalidArgumentError(
        absl::StrCat("`", config.quorum, "`: its `log` lines are not of the log of `trust.log_key` alone"));
  if (const absl::Status once = trust::CheckAgenciesCountOnce(*policy); !once.ok())
    return absl::InvalidArgumentError(absl::StrCat("`", config.quorum, "`: ", once.message()));
  return policy;
}

absl::StatusOr<std::optional<trust::Checkpoint>> NewestKept(State& state) {
  ASSIGN_OR_RETURN(const std::string body, state.Kept("checkpoint"));
  if (body.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(body));
  return checkpoint;
}

}  // namespace

void StopSignal::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

bool StopSignal::stopped() const {
  const MutexLock lock(mutex_);
  return stopped_;
}

bool StopSignal::WaitFor(absl::Duration time) {
  const MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(time);
  while (!stopped_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    changed_.WaitFor(mutex_, left);
  }
  return true;
}

// What Create read.
struct AgentDaemon::Loaded {
  std::unique_ptr<AgencyIdentity> identity;
  std::unique_ptr<State> state;
  std::unique_ptr<RequestState> request_state;
  std::optional<trust::Checkpoint> newest;
  trust::QuorumPolicy quorum;
  std::string unwitnessed;
  std::string forked;
  std::shared_ptr<const CurrentAnchors::Roots> roots;
  v1::Directory directory;
  std::map<std::string, FileReader> readers;
};

absl::StatusOr<std::unique_ptr<AgentDaemon>> AgentDaemon::Create(const AgentConfig& config,
                                                                 const Surroundings& surroundings) {
  std::error_code error;
  std::filesystem::create_directories(config.state_dir, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot make `", config.state_dir, "`: ", error.message()));
  static_cast<void>(chmod(config.state_dir.c_str(), 0700));
  Loaded loaded;
  ASSIGN_OR_RETURN(loaded.identity, LoadIdentity(config, surroundings.random));
  ASSIGN_OR_RETURN(loaded.roots, LoadRoots(config, surroundings.clock.Now()));
  ASSIGN_OR_RETURN(loaded.state, State::Open(config.state_dir + "/agent.db", surroundings.clock));
  ASSIGN_OR_RETURN(const std::string signing_key, loaded.state->Kept(kSigningKeyInUse));
  loaded.identity->keys->Prefer(signing_key);
  ASSIGN_OR_RETURN(loaded.request_state, RequestState::Open(*loaded.state));
  ASSIGN_OR_RETURN(loaded.newest, NewestKept(*loaded.state));
  ASSIGN_OR_RETURN(loaded.quorum, ReadQuorum(config, loaded.roots->anchors.log_keys));
  ASSIGN_OR_RETURN(loaded.unwitnessed, loaded.state->Kept(kUnwitnessed));
  ASSIGN_OR_RETURN(loaded.forked, loaded.state->Kept(kLedgerForked));
  ASSIGN_OR_RETURN(loaded.directory, ReadDirectory(config));
  ASSIGN_OR_RETURN(loaded.readers, MappedReaders(config.mappings));
  const std::string forked = loaded.forked;
  std::unique_ptr<AgentDaemon> daemon(new AgentDaemon(config, std::move(loaded), surroundings));
  // What the configuration accepts is forgotten for good.
  if (const std::string held = daemon->forks_.Kept(); held != forked)
    RETURN_IF_ERROR(daemon->state_->Keep(kLedgerForked, held));
  const absl::Status kept = daemon->policy_.LoadKept(daemon->roots_.get()->policy, surroundings.clock.Now());
  if (!kept.ok() && !absl::IsNotFound(kept)) surroundings.log.Failure("the kept policy does not verify", kept);
  daemon->ReadSystem();
  if (config.participant.has_value()) {
    ASSIGN_OR_RETURN(daemon->participant_,
                     Participant::Open(config, daemon->context_, daemon->evidence_, *daemon->request_state_));
  }
  return daemon;
}

AgentDaemon::AgentDaemon(const AgentConfig& config, Loaded loaded, const Surroundings& around)
    : config_(config),
      identity_(std::move(loaded.identity)),
      state_(std::move(loaded.state)),
      request_state_(std::move(loaded.request_state)),
      policy_(config.state_dir + "/policy"),
      keys_({[this](const std::string& name) { return state_->Kept(name); },
             [this](const std::string& name, const std::string& value) { return state_->Keep(name, value); }},
            config.accepted_keys),
      watch_(std::move(loaded.newest)),
      quorum_(std::move(loaded.quorum), config.witness_limit, loaded.unwitnessed),
      forks_(loaded.forked, config.accepted_forks),
      system_(config.system, around.clock),
      system_records_([this] { return system_.PeopleWithin(config_.system_oldest); }, around.clock),
      records_(around.records == nullptr ? system_records_ : *around.records),
      context_{.identity = *identity_,
               .broker = around.broker,
               .state = *state_,
               .policy = policy_,
               .keys = keys_,
               .watch = watch_,
               .quorum = quorum_,
               .told = told_,
               .forks = forks_,
               .roots = roots_,
               .system = system_,
               .clock = around.clock,
               .random = around.random,
               .log = around.log,
               .metrics = metrics_,
               .to_send = to_send_},
      anchor_reader_(config_, context_),
      evidence_(context_, config.state_dir + "/evidence"),
      upkeep_(context_, evidence_, std::move(loaded.directory)),
      eraser_(context_, evidence_, *request_state_, handover_),
      postman_(context_),
      sender_(context_, evidence_, upkeep_, postman_),
      rights_teller_(context_, evidence_),
      handover_(context_, config.handover_folder),
      asker_(context_, {.requests = *request_state_, .evidence = evidence_, .upkeep = upkeep_, .postman = postman_}),
      holder_(context_, {.requests = *request_state_,
                         .evidence = evidence_,
                         .upkeep = upkeep_,
                         .postman = postman_,
                         .records = records_}),
      held_back_(context_, *request_state_, sender_, upkeep_),
      supersessions_(context_, held_back_, postman_),
      approver_(context_, *request_state_, holder_, held_back_),
      rights_taker_(context_),
      receiver_(context_, {.evidence = evidence_,
                           .upkeep = upkeep_,
                           .handover = handover_,
                           .postman = postman_,
                           .asker = asker_,
                           .holder = holder_,
                           .approver = approver_,
                           .rights = rights_taker_}),
      desk_(context_, {.sender = sender_, .held_back = held_back_, .postman = postman_, .records = records_}),
      request_desk_(context_, {.requests = *request_state_, .asker = asker_, .holder = holder_, .approver = approver_}),
      emergency_desk_(context_, asker_),
      audit_desk_(context_, *request_state_),
      rights_desk_(context_, *request_state_, rights_teller_) {
  roots_.Set(std::move(loaded.roots));
  ReadSystem();
  if (!config.handover_folder.empty()) {
    intake_ =
        std::make_unique<Intake>(context_, sender_, config.handover_folder, config.settle, std::move(loaded.readers));
  }
}

AgentDaemon::~AgentDaemon() { Stop(); }

void AgentDaemon::Start() {
  threads_.emplace_back([this] { KeepUp(); });
  threads_.emplace_back([this] { SendOut(); });
  threads_.emplace_back([this] { Collect(); });
  if (intake_ != nullptr) threads_.emplace_back([this] { WatchFolder(); });
  if (participant_ != nullptr && quorum_.Wants(participant_->vkey().ToString()))
    threads_.emplace_back([this] { Participate(); });
}

void AgentDaemon::Stop() {
  stop_.Stop();
  to_send_.Ring();
  context_.broker.StopWaiting();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void AgentDaemon::ReadSystem() {
  const absl::StatusOr<bool> read = system_.Refresh();
  reads_system_ = read.ok();
  metrics_.SetSystemRead(read.ok());
  if (!read.ok()) {
    const bool stays = system_.PeopleWithin(config_.system_oldest) != nullptr;
    context_.Alarm("SYSTEM_NOT_READ", "", "");
    context_.log.Failure(stays ? "the agency's own system was not read; the last reading stays"
                               : "the agency's own system was not read; nobody is answered about until it is",
                         read.status());
  }
  system_records_.Index();
  if (!read.ok() || !*read || config_.system.empty()) return;
  const std::shared_ptr<const People> people = system_.people();
  context_.log.Write(
      "info", "the agency's own system was read",
      {{"people", absl::StrCat(people->records.size())}, {"problems", absl::StrCat(people->problem_count)}});
  for (const SystemProblem& one : people->problems) {
    context_.log.Write("error", "a row of the agency's own system was left out",
                       {{"file", one.file},
                        {"row", absl::StrCat(one.problem.row)},
                        {"column", one.problem.column},
                        {"rule", one.problem.rule}});
  }
}

void AgentDaemon::Measure() {
  const absl::StatusOr<int64_t> outbox = state_->OutboxDepth();
  const absl::StatusOr<int64_t> inbox = state_->InboxDepth();
  if (outbox.ok() && inbox.ok()) metrics_.SetDepths(static_cast<double>(*outbox), static_cast<double>(*inbox));
  const absl::StatusOr<int64_t> approvals = request_state_->CountWaitingApprovals(context_.clock.Now());
  if (approvals.ok()) metrics_.SetApprovalsPending(static_cast<double>(*approvals));
}

absl::Status AgentDaemon::RunUpkeep() {
  // What must be erased waits for nothing else.
  absl::Status first = asker_.EraseOver();
  if (!first.ok()) context_.log.Failure("what an emergency brought was not erased", first);
  first.Update(upkeep_.RunAll());
  first.Update(eraser_.Work());
  first.Update(request_state_->LapseElsewhere(context_.clock.Now()));
  return first;
}

void AgentDaemon::KeepUp() {
  Backoff backoff(context_.random);
  while (!stop_.stopped()) {
    const absl::Status anchors = anchor_reader_.Read();
    if (!anchors.ok()) context_.log.Failure("trust was not read again; the last stays", anchors);
    ReadSystem();
    const absl::Status status = RunUpkeep();
    Measure();
    if (status.ok()) backoff.Reset();
    if (stop_.WaitFor(status.ok() ? config_.sync_interval : std::min(backoff.Next(), config_.sync_interval))) return;
  }
}

absl::Status AgentDaemon::SendOnce() {
  const bool decides = policy_.view() != nullptr;
  // First what may be an emergency.
  absl::Status first = asker_.Drain();
  if (decides) first.Update(holder_.Work());
  first.Update(holder_.Drain());
  first.Update(sender_.Drain());
  if (decides) first.Update(held_back_.Work());
  first.Update(supersessions_.Work());
  first.Update(postman_.Drain().status());
  first.Update(rights_teller_.Drain());
  first.Update(handover_.GiveAll());
  first.Update(handover_.GiveSupersessions());
  return first;
}

void AgentDaemon::SendOut() {
  Backoff backoff(context_.random);
  while (!stop_.stopped()) {
    const bool sent = SendOnce().ok();
    if (sent) backoff.Reset();
    // What comes in meanwhile rings: an emergency does not wait until the rest may be tried again.
    to_send_.WaitFor(sent ? kSendInterval : backoff.Next());
  }
}

void AgentDaemon::Collect() {
  Backoff backoff(context_.random);
  while (!stop_.stopped()) {
    // Nothing can be opened before a policy was verified.
    if (policy_.view() == nullptr) {
      if (stop_.WaitFor(Backoff::kFirst)) return;
      continue;
    }
    const absl::Time start = context_.clock.Now();
    const absl::StatusOr<int> taken = receiver_.CollectOnce(kLongPoll);
    if (stop_.stopped()) return;
    if (!taken.ok() && !absl::IsUnavailable(taken.status()))
      context_.log.Failure("the mailbox could not be collected", taken.status());
    // An answer at once that gave nothing is one of deliveries that were rejected here: do not ask in a circle.
    const bool idle = taken.ok() && *taken == 0 && context_.clock.Now() - start < absl::Seconds(1);
    if (taken.ok() && !idle) {
      backoff.Reset();
      continue;
    }
    if (stop_.WaitFor(backoff.Next())) return;
  }
}

void AgentDaemon::Participate() {
  std::string told;  // What was logged last: once is enough.
  do {
    const absl::Status looked = participant_->Once().status();
    const bool away = absl::IsUnavailable(looked) || absl::IsCancelled(looked);
    if (!looked.ok() && !away && told != looked.message())
      context_.log.Failure("the participant key signs no checkpoint", looked);
    told = std::string(looked.message());
  } while (!stop_.WaitFor(config_.participant->every));
}

void AgentDaemon::WatchFolder() {
  while (!stop_.WaitFor(config_.scan_interval)) {
    if (policy_.view() == nullptr) continue;
    const absl::StatusOr<int> finished = intake_->Scan();
    if (!finished.ok()) context_.log.Failure("the folder could not be handled", finished.status());
  }
}

}  // namespace derwent::agents
