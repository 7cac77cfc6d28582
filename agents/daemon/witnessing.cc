#include "agents/daemon/witnessing.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/backoff.h"
#include "agents/daemon/evidence/evidence_files.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr absl::Duration kLongPoll = absl::Seconds(20);
constexpr absl::Duration kUnwanted = absl::Minutes(1);

// Whole or not at all.
absl::Status Write(const std::string& path, absl::string_view content) {
  if (path.empty()) return absl::OkStatus();
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(fresh, path, failed);
  return file && !failed ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("`", path, "` cannot be written"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Witnessing>> Witnessing::Start(const AgentConfig& config, const AgentContext& context) {
  std::unique_ptr<Witnessing> started(new Witnessing(context));
  if (config.witness_key.empty()) return started;
  ASSIGN_OR_RETURN(trust::Ed25519Key key, trust::Ed25519Key::FromFile(config.witness_key));
  const auto log_keys = [&context] { return context.roots.get()->anchors.log_keys; };
  started->origin_ = log_keys().origin();
  ASSIGN_OR_RETURN(started->witness_, Witness::Open(absl::StrCat(config.state_dir, "/witness.db"), config.witness_name,
                                                    std::move(key), log_keys, context.clock));
  RETURN_IF_ERROR(started->witness_->TellForks([&context, folder = config.state_dir + "/evidence"](const Fork& fork) {
    if (const absl::Status kept = KeepFork(folder, fork); !kept.ok())
      context.log.Failure("evidence against the log could not be kept", kept);
    context.HoldProof({.code = "LEDGER_FORKED", .name = NameOfFork(fork).value_or("unnamed")});
  }));
  // Evidence asks the broker for the proof: what does not belong to the log that it shows is a fork, and kept so.
  RETURN_IF_ERROR(started->witness_->TellDoubts([&context](const std::string& note) { context.told.Heard(note); }));
  const std::string own = started->witness_->vkey().ToString();
  RETURN_IF_ERROR(Write(absl::StrCat(config.state_dir, "/witness.vkey"), absl::StrCat(own, "\n")));
  ASSIGN_OR_RETURN(started->server_, WitnessServer::Start(config.witness_listen, *started->witness_));
  RETURN_IF_ERROR(Write(config.witness_port_file, absl::StrCat(started->server_->port(), "\n")));
  context.log.Write("info", "witnessing", {{"vkey", own}});
  // Where the policy does not ask for it, it is a witness for whoever asks over HTTP.
  if (context.quorum.Wants(own)) started->thread_ = std::thread([own_self = started.get()] { own_self->Carry(); });
  return started;
}

Witnessing::~Witnessing() {
  stop_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Witnessing::Carry() {
  CheckpointCarrier carrier(*witness_, context_.broker, origin_);
  Backoff backoff(context_.random);
  std::string told;  // What was logged last: once is enough.
  while (!stop_.stopped()) {
    const absl::StatusOr<bool> carried = carrier.Once(kLongPoll);
    if (carried.ok()) {
      backoff.Reset();
      told.clear();
      continue;
    }
    if (absl::IsDataLoss(carried.status())) context_.Alarm("LEDGER_FORKED", "", "");
    const bool away = absl::IsUnavailable(carried.status()) || absl::IsCancelled(carried.status());
    if (!away && told != carried.status().message()) {
      told = std::string(carried.status().message());
      context_.log.Failure("the broker's checkpoint was not cosigned", carried.status());
    }
    // A broker that does not want this witness is asked again now and then: its policy may change.
    if (stop_.WaitFor(absl::IsPermissionDenied(carried.status()) ? kUnwanted : backoff.Next())) return;
  }
}

}  // namespace derwent::agents
