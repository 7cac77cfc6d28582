#include "broker/server/watcher.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/governance/placed.h"
#include "broker/exchange/upkeep/sweep.h"
#include "broker/rpc/authentication.h"
#include "broker/server/policy_at_start.h"
#include "broker/server/trust_files.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/signature/key_file.h"

namespace derwent::server {
namespace {

constexpr std::chrono::milliseconds kLook{100};
constexpr absl::Duration kSweep = absl::Seconds(1);
constexpr absl::Duration kRetry = absl::Seconds(1);
constexpr absl::Duration kTidy = absl::Minutes(1);

void Stamp(const std::string& path, std::string& stamp) {
  struct stat state {};
  if (stat(path.c_str(), &state) != 0) return;
  absl::StrAppend(&stamp, path, " ", state.st_ino, " ", state.st_size, " ", state.st_mtim.tv_sec, ".",
                  state.st_mtim.tv_nsec, "\n");
}

}  // namespace

Watcher::Watcher(const Configuration& configuration, sequencer::Sequencer& sequencer, sequencer::CurrentWorld& world,
                 rpc::MailboxWaits& waits, const Clock& clock, rpc::JsonLog& log, rpc::Metrics& metrics,
                 WatcherHooks hooks)
    : configuration_(configuration),
      sequencer_(sequencer),
      world_(world),
      waits_(waits),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      bundle_stamp_(StampOf(configuration.policy)),
      signatories_stamp_(StampOf(configuration.signatories)),
      crl_stamp_(StampOf(configuration.crl)),
      next_sweep_(clock.Now()),
      next_tidy_(clock.Now()),
      hooks_(std::move(hooks)),
      publish_again_(!hooks_.may_write()),  // Else it was entered at the start.
      thread_([this] { Loop(); }) {}

Watcher::~Watcher() { Stop(); }

void Watcher::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::string Watcher::StampOf(const std::string& path) {
  namespace fs = std::filesystem;
  std::string stamp;
  std::error_code error;
  Stamp(path, stamp);
  if (!fs::is_directory(path, error)) return stamp;
  for (fs::recursive_directory_iterator next(path, error), end; !error && next != end; next.increment(error))
    Stamp(next->path().string(), stamp);
  return stamp;
}

void Watcher::Loop() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, kLook);
      if (stopping_) return;
    }
    Look();
  }
}

void Watcher::LookAtCertificates() {
  std::string stamp = StampOf(configuration_.crl);
  if (stamp != crl_stamp_) {
    crl_stamp_ = std::move(stamp);
    TakeRevocations();
  }
  stamp = StampOf(configuration_.certificate);
  if (stamp != certificate_stamp_) {
    certificate_stamp_ = std::move(stamp);
    TellCertificateExpiry();
  }
}

void Watcher::LookAtBundle() {
  const absl::Time now = clock_.Now();
  std::string stamp = StampOf(configuration_.signatories);
  if (stamp != signatories_stamp_ || now >= retry_signatories_) {
    signatories_stamp_ = std::move(stamp);
    TakeSignatories();
  }
  stamp = StampOf(configuration_.policy);
  if (stamp == bundle_stamp_ && now < retry_bundle_) return;
  bundle_stamp_ = std::move(stamp);
  TakeBundle();
}

void Watcher::Look() {
  const bool may_write = hooks_.may_write();
  LookAtCertificates();
  if (may_write) LookAtBundle();
  if (revoke_again_.exchange(false)) Revoke();
  if (may_write && publish_again_.exchange(false)) Publish();
  const absl::Time now = clock_.Now();
  const std::shared_ptr<const exchange::World> world = world_.Get();
  hooks_.looking(now);
  waits_.Tick(now, [&](const exchange::Caller& caller) { return rpc::Authentication::StillGood(caller, *world, now); });
  if (!may_write || now < next_sweep_) return;
  next_sweep_ = now + kSweep;
  Due("sweep", exchange::Sweep);
  if (now < next_tidy_ && !more_to_tidy_.exchange(false)) return;
  next_tidy_ = now + kTidy;
  Due("tidying", [this](exchange::Batch& batch) {
    const absl::Status done = exchange::Tidy(batch);
    more_to_tidy_ = batch.more_due;
    return done;
  });
}

void Watcher::Due(absl::string_view what, std::function<absl::Status(exchange::Batch&)> rule) {
  const auto failed = [this, what](absl::string_view how, const absl::Status& status) {
    log_.Write("error", absl::StrCat(what, how), {{"error", std::string(status.message())}});
  };
  const absl::Status queued =
      sequencer_.Enqueue({.run = std::move(rule),
                          .done =
                              [failed](const absl::Status& status, const std::shared_ptr<const ledger::SealedBatch>&) {
                                if (!status.ok()) failed(" failed", status);
                              },
                          .new_world = nullptr});
  if (!queued.ok()) failed(" not queued", queued);
}

std::shared_ptr<const exchange::World> Watcher::Apply(const Seen& seen, const exchange::World& world) {
  auto next = std::make_shared<exchange::World>(world);
  if (seen.revoked != nullptr) next->revoked = seen.revoked;
  if (seen.signatories.has_value()) next->signatories = *seen.signatories;
  if (world.bundle->revision > 0) return next;
  next->reload_error = seen.reload_error;
  if (seen.bundle == nullptr) return next;
  next->bundle = seen.bundle;
  next->policy_time = seen.policy_time;
  return next;
}

void Watcher::Revoke() {
  const absl::Status queued =
      sequencer_.Enqueue({.run = [](exchange::Batch&) { return absl::OkStatus(); },
                          .done =
                              [this](const absl::Status& status, std::shared_ptr<const ledger::SealedBatch>) {
                                if (status.ok()) return;
                                log_.Write("error", "a new revocation list did not come into force",
                                           {{"error", std::string(status.message())}});
                                revoke_again_ = true;
                              },
                          .new_world =
                              [revoked = seen_.revoked](const exchange::World& world) {
                                auto next = std::make_shared<exchange::World>(world);
                                next->revoked = revoked;
                                return next;
                              },
                          .about_ledger = true});
  if (queued.ok()) return;
  log_.Write("error", "a new revocation list was not queued", {{"error", std::string(queued.message())}});
  revoke_again_ = true;
}

void Watcher::Publish() {
  const absl::Status queued = sequencer_.Enqueue(
      {.run = [](exchange::Batch& batch) { return exchange::EnterPolicy(batch); },
       .done =
           [this](const absl::Status& status, std::shared_ptr<const ledger::SealedBatch>) {
             if (status.ok()) return;
             log_.Write("error", "a new policy was not entered", {{"error", std::string(status.message())}});
             publish_again_ = true;
           },
       .new_world = [seen = seen_](const exchange::World& world) { return Apply(seen, world); }});
  if (queued.ok()) return;
  log_.Write("error", "a new policy was not queued", {{"error", std::string(queued.message())}});
  publish_again_ = true;
}

void Watcher::Complain(absl::string_view what, const absl::Status& why, std::string& last) {
  if (last == why.message()) return;
  last = std::string(why.message());
  log_.Write("error", what, {{"error", last}});
}

void Watcher::TakeRevocations() {
  const std::shared_ptr<const exchange::World> world = world_.Get();
  absl::StatusOr<std::shared_ptr<const trust::RevocationSet>> revoked =
      ReadRevocations(configuration_, *world->authority, clock_.Now());
  if (revoked.ok()) {
    const trust::RevocationSet& taken = seen_.revoked != nullptr ? *seen_.revoked : *world->revoked;
    const absl::Status follows = (*revoked)->CheckFollows(taken, *world->authority, clock_.Now());
    if (!follows.ok()) revoked = InFile("crl", configuration_.crl, follows);
  }
  if (!revoked.ok()) {
    // The list in force stays until its own end; after that nobody is trusted.
    Complain("the revocation list was not taken", revoked.status(), crl_complaint_);
    crl_stamp_.clear();
    return;
  }
  crl_complaint_.clear();
  seen_.revoked = *std::move(revoked);
  log_.Write("info", "revocation list taken", {{"revoked", absl::StrCat(seen_.revoked->size())}});
  Revoke();
}

void Watcher::TellCertificateExpiry() {
  const absl::StatusOr<std::string> pem = trust::ReadFile(configuration_.certificate);
  const absl::StatusOr<trust::Certificate> certificate = pem.ok() ? trust::Certificate::FromPem(*pem) : pem.status();
  if (certificate.ok())
    metrics_.CertificateExpiry(certificate->not_after());
  else
    log_.Write("warning", "the server's certificate does not parse",
               {{"error", std::string(certificate.status().message())}});
}

absl::StatusOr<std::shared_ptr<const policy::Bundle>> Watcher::ReadWholeBundle() {
  exchange::World base = *world_.Get();
  if (seen_.revoked != nullptr) base.revoked = seen_.revoked;
  if (seen_.signatories.has_value()) base.signatories = *seen_.signatories;
  ASSIGN_OR_RETURN(std::shared_ptr<const policy::Bundle> bundle,
                   ReadBundle(configuration_.policy, base.roots(), clock_.Now()));
  ASSIGN_OR_RETURN(const std::set<Sha256Digest> earlier, hooks_.ever_in_force());
  RETURN_IF_ERROR(exchange::CheckPlaced(seen_.bundle != nullptr ? *seen_.bundle : *base.bundle, *bundle, earlier));
  return bundle;
}

void Watcher::TakeSignatories() {
  absl::StatusOr<exchange::Signatories> signatories = ReadSignatories(configuration_.signatories);
  if (!signatories.ok()) {
    Complain("the signatories were NOT taken; those of before stay", signatories.status(), signatories_complaint_);
    retry_signatories_ = clock_.Now() + kRetry;
    return;
  }
  signatories_complaint_.clear();
  retry_signatories_ = absl::InfiniteFuture();
  const std::string gone = LinesGone(configuration_.signatories, world_.Get()->signatories, *signatories);
  if (!gone.empty()) log_.Write("warning", "signatories left", {{"error", gone}});
  seen_.signatories = *std::move(signatories);
  log_.Write("info", "signatories taken", {{"agencies", absl::StrCat(seen_.signatories->size())}});
  Publish();
  if (world_.Get()->bundle->revision == 0) TakeBundle();
}

void Watcher::TakeBundle() {
  retry_bundle_ = absl::InfiniteFuture();
  const std::shared_ptr<const exchange::World> world = world_.Get();
  if (world->bundle->revision > 0) {
    log_.Write("warning", "the bundle on disk changed and is not looked at: a revision was activated",
               {{"policy_revision", absl::StrCat(world->bundle->revision)}});
    return;
  }
  absl::StatusOr<std::shared_ptr<const policy::Bundle>> bundle = ReadWholeBundle();
  if (!bundle.ok()) {
    retry_bundle_ = clock_.Now() + kRetry;
    if (seen_.reload_error == bundle.status().message()) return;
    seen_.reload_error = std::string(bundle.status().message());
    log_.Write("error", "the policy on disk was NOT taken; the last good one stays in force",
               {{"policy_digest", world->bundle->policy->digest}, {"error", seen_.reload_error}});
    metrics_.PolicyInForce(world->bundle->policy->digest, true);
    return Publish();
  }
  seen_.bundle = *std::move(bundle);
  seen_.policy_time = clock_.Now();
  seen_.reload_error.clear();
  for (const policy::Problem& warning : seen_.bundle->warnings) {
    if (warning.severity == policy::Severity::kWarning)
      log_.Write("warning", "policy", {{"error", warning.ToString()}});
  }
  log_.Write("info", "policy in force",
             {{"policy_digest", seen_.bundle->policy->digest},
              {"governance_digest", HexEncode(seen_.bundle->governance_digest)}});
  metrics_.PolicyInForce(seen_.bundle->policy->digest, false);
  Publish();
}

}  // namespace derwent::server
