// derwent-broker: serves agencies' agents; checks a database.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "CLI/CLI.hpp"
#include "broker/backup/sealed_backup.h"
#include "broker/ledger/fsck.h"
#include "broker/server/broker.h"
#include "broker/server/replay.h"
#include "broker/store/sqlite/sqlite_backup.h"
#include "trust/base/status_macros.h"
#include "trust/note/log_keys.h"
#include "trust/secret/random.h"
#include "trust/signature/key_file.h"

namespace {

int Serve(const std::string& path) {
  // Signals are waited for, not handled: block them before any thread starts.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // gRPC locks with Abseil's mutexes, which are packaged with their search for deadlocks: it costs every call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  auto configuration = derwent::server::ReadConfiguration(path);
  if (!configuration.ok()) {
    std::cerr << "derwent-broker: " << configuration.status().message() << "\n";
    return 2;
  }
  auto broker = derwent::server::Broker::Start(*std::move(configuration));
  if (!broker.ok()) {
    std::cerr << "derwent-broker: refuses to start: " << broker.status().message() << "\n";
    return 1;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  (*broker)->Stop();
  return 0;
}

absl::StatusOr<derwent::trust::LogKey> ParseRetired(const std::string& text) {
  ASSIGN_OR_RETURN(derwent::trust::LogKey retired, derwent::trust::LogKey::Parse(text));
  if (retired.last_size.has_value()) return retired;
  return absl::InvalidArgumentError("a retired key is VKEY@SIZE");
}

// What `fsck` is told.
struct FsckOptions {
  std::string database, ca, trust_domain;
  std::vector<std::string> vkeys, retired, policies;
};

absl::StatusOr<derwent::ledger::FsckReport> RunFsck(const FsckOptions& options) {
  derwent::ledger::FsckTrust trust;
  for (const std::string& vkey : options.vkeys) {
    ASSIGN_OR_RETURN(trust.vkeys.emplace_back(), derwent::trust::VerifierKey::Parse(vkey));
  }
  for (const std::string& one : options.retired) {
    ASSIGN_OR_RETURN(trust.retired.emplace_back(), ParseRetired(one));
  }
  for (const std::string& file : options.policies) {
    ASSIGN_OR_RETURN(const std::string text, derwent::trust::ReadFile(file, derwent::trust::kMaxNoteSize));
    ASSIGN_OR_RETURN(trust.policies.emplace_back(), derwent::trust::QuorumPolicy::Parse(text));
  }
  if (options.ca.empty()) return derwent::ledger::Fsck(options.database, std::move(trust));
  ASSIGN_OR_RETURN(const std::string pem, derwent::trust::ReadFile(options.ca));
  ASSIGN_OR_RETURN(const auto authority, derwent::trust::Authority::FromPem(pem, options.trust_domain));
  trust.authority = &authority;
  return derwent::ledger::Fsck(options.database, std::move(trust));
}

int Fsck(const FsckOptions& options) {
  const auto report = RunFsck(options);
  if (!report.ok()) {
    std::cerr << "derwent-broker fsck: " << report.status().message() << "\n";
    return 2;
  }
  std::cout << report->entries << " entries, " << report->tiles << " tiles, " << report->checkpoints << " checkpoints, "
            << report->cosignatures << " cosignatures, " << report->parts << " parts\n";
  if (report->ok()) {
    std::cout << "verified\n";
    return 0;
  }
  std::cerr << "derwent-broker fsck: BROKEN: " << report->broken << "\n";
  return 8;
}

int Ended(const char* what, const absl::Status& done) {
  if (done.ok()) return 0;
  std::cerr << "derwent-broker " << what << ": " << done.message() << "\n";
  return absl::IsDataLoss(done) ? 8 : absl::IsInvalidArgument(done) ? 2 : 1;
}

absl::Status BackUp(const std::string& path, const std::string& to) {
  ASSIGN_OR_RETURN(const auto configuration, derwent::server::ReadConfiguration(path));
  derwent::trust::SystemRandom random;
  return derwent::backup::SealBackup(
      configuration.database, to, derwent::backup::BackupKeys(configuration.backup_keys, configuration.backup_lifetime),
      absl::Now(), random);
}

absl::Status Restore(const std::string& path, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const auto configuration, derwent::server::ReadConfiguration(path));
  return derwent::backup::OpenBackup(
      from, to, derwent::backup::BackupKeys(configuration.backup_keys, configuration.backup_lifetime), absl::Now());
}

int Replay(const std::string& path, const std::string& database) {
  auto configuration = derwent::server::ReadConfiguration(path);
  if (configuration.ok() && !database.empty()) configuration->database = database;
  const auto report =
      configuration.ok() ? derwent::server::Replay(*configuration, absl::Now()) : configuration.status();
  if (!report.ok()) {
    std::cerr << "derwent-broker replay: " << report.status().message() << "\n";
    return 2;
  }
  std::cout << report->decisions << " decisions, " << report->missing
            << " under a policy or registers that are not at hand\n";
  for (const std::string& different : report->different) std::cerr << "derwent-broker replay: " << different << "\n";
  return report->different.empty() ? 0 : 8;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Derwent's broker: agencies share what keeps people safe, and nothing else");
  app.set_version_flag("--version", "derwent-broker 0.1.0");
  app.require_subcommand(1);
  int code = 0;
  std::string configuration;
  std::string database;
  CLI::App* const serve = app.add_subcommand("serve", "serve until SIGTERM");
  serve->add_option("--config", configuration, "configuration file (YAML)")->required();
  serve->callback([&] { code = Serve(configuration); });
  CLI::App* const fsck =
      app.add_subcommand("fsck", "re-derive the whole ledger from a database; exit 8 when anything was changed");
  FsckOptions check;
  fsck->add_option("--database", check.database, "SQLite file")->required();
  fsck->add_option("--vkey", check.vkeys, "the log's verifier key; may be repeated: a key that it changed to is found")
      ->required();
  fsck->add_option("--retired", check.retired,
                   "VKEY@SIZE: a key that counts for no checkpoint over SIZE; may be repeated");
  CLI::Option* const domain = fsck->add_option("--trust-domain", check.trust_domain, "of the certificates of `--ca`");
  fsck->add_option("--ca", check.ca,
                   "the consortium's authorities (PEM): who signed an erasure must have a certificate of theirs")
      ->needs(domain);
  fsck->add_option("--policy", check.policies,
                   "tlog-policy file: each size that counts as cosigned has its quorum; may be repeated: of before");
  fsck->callback([&] { code = Fsck(check); });
  std::string from;
  std::string to;
  CLI::App* const copy = app.add_subcommand(
      "copy", "copy the database of a running or stopped broker, plain, to check it and throw it away");
  copy->add_option("--database", database, "SQLite file")->required();
  copy->add_option("--to", to, "the copy; must not exist")->required();
  copy->callback([&] { code = Ended("copy", derwent::store::BackUpSqlite(database, to)); });
  CLI::App* const backup = app.add_subcommand(
      "backup", "a copy to keep, sealed: it can be read until its key is destroyed (backup_lifetime_seconds)");
  backup->add_option("--config", configuration, "configuration file (YAML)")->required();
  backup->add_option("--to", to, "the backup; must not exist")->required();
  backup->callback([&] { code = Ended("backup", BackUp(configuration, to)); });
  CLI::App* const restore =
      app.add_subcommand("restore", "put a backup back as a database; exit 8 when it was changed");
  restore->add_option("--config", configuration, "configuration file (YAML)")->required();
  restore->add_option("--from", from, "the backup")->required();
  restore->add_option("--to", to, "the database; must not exist")->required();
  restore->callback([&] { code = Ended("restore", Restore(configuration, from, to)); });
  CLI::App* const replay =
      app.add_subcommand("replay", "decide every question of the ledger again; exit 8 when one comes out otherwise");
  replay->add_option("--config", configuration, "configuration file (YAML)")->required();
  replay->add_option("--database", database, "a copy; else the configured database, while no broker has it open");
  replay->callback([&] { code = Replay(configuration, database); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool unknown = argc > 1 && argv[1][0] != '-' &&
                         std::ranges::none_of(app.get_subcommands({}),
                                              [&](const CLI::App* known) { return known->check_name(argv[1]); });
    if (unknown) std::cerr << "derwent-broker: `" << argv[1] << "` is no command; see --help\n";
    const int shown = unknown ? 2 : app.exit(error);
    return shown == 0 ? 0 : 2;
  }
  return code;
}
