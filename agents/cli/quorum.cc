#include "agents/cli/quorum.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "agents/cli/exit_code.h"
#include "agents/cli/offline_ledger.h"
#include "agents/cli/text.h"
#include "derwent/v1/witness.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/note/quorum.h"

namespace derwent::cli {
namespace {

absl::Status Broken(absl::string_view why) { return absl::DataLossError(absl::StrCat("BROKEN: ", why)); }

// The policy that the broker says, of the log that this client believes.
absl::StatusOr<trust::QuorumPolicy> PolicyOf(Client& client, const v1::GetQuorumResponse& quorum) {
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  absl::StatusOr<trust::QuorumPolicy> policy = trust::QuorumPolicy::Parse(quorum.policy());
  if (!policy.ok()) return Broken(policy.status().message());
  if (policy->logs().size() != 1 || policy->logs().front().ToString() != log_key.ToString())
    return Broken("the quorum policy is of another log");
  return policy;
}

int ExitOf(v1::LedgerStanding standing) {
  switch (standing) {
    case v1::LEDGER_STANDING_NO_QUORUM:
    case v1::LEDGER_STANDING_WITNESSED:
      return kExitDone;
    case v1::LEDGER_STANDING_STOPPED:
      return kExitUnavailable;
    case v1::LEDGER_STANDING_ROLLED_BACK:
      return kExitTampered;
    default:
      return kExitPartial;
  }
}

}  // namespace

absl::StatusOr<v1::GetQuorumResponse> FetchQuorum(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::WitnessService::NewStub(broker->grpc());
  return broker->Call(*stub, &v1::WitnessService::Stub::GetQuorum, v1::GetQuorumRequest(), client.options());
}

absl::StatusOr<CosignedCheckpoint> FetchCosigned(Client& client) {
  ASSIGN_OR_RETURN(const v1::GetQuorumResponse quorum, FetchQuorum(client));
  ASSIGN_OR_RETURN(const trust::QuorumPolicy policy, PolicyOf(client, quorum));
  CosignedCheckpoint cosigned{.note = "", .policy = quorum.policy(), .checkpoint = {}};
  if (policy.none()) return cosigned;
  if (quorum.cosigned_note().empty()) return absl::UnavailableError("no checkpoint has its quorum of witnesses yet");
  cosigned.note = quorum.cosigned_note();
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCosignedCheckpoint(cosigned.note, policy);
  if (!checkpoint.ok()) return Broken(checkpoint.status().message());
  cosigned.checkpoint = *std::move(checkpoint);
  return cosigned;
}

std::string StandingText(v1::LedgerStanding standing) {
  switch (standing) {
    case v1::LEDGER_STANDING_NO_QUORUM:
      return "quorum none: no witness protects the history";
    case v1::LEDGER_STANDING_WITNESSED:
      return "witnessed";
    case v1::LEDGER_STANDING_AMBER:
      return "AMBER: the quorum is late";
    case v1::LEDGER_STANDING_STOPPED:
      return "STOPPED: no quorum, nothing is released (LEDGER_NOT_WITNESSED)";
    case v1::LEDGER_STANDING_AWAITING_WITNESSES:
      return "the broker started and waits for a quorum of witnesses (WITNESSES_AWAITED)";
    case v1::LEDGER_STANDING_ROLLED_BACK:
      return "ROLLED BACK: the database is not the one that was signed (LEDGER_ROLLED_BACK)";
    default:
      return "unknown";
  }
}

absl::StatusOr<int> PrintCosignatures(Client& client, Format format) {
  ASSIGN_OR_RETURN(const v1::GetQuorumResponse quorum, FetchQuorum(client));
  ASSIGN_OR_RETURN(const trust::QuorumPolicy policy, PolicyOf(client, quorum));
  Rows rows({"witness", "cosigned", "behind", "when", "key"});
  for (const v1::WitnessStanding& witness : quorum.witnesses()) {
    rows.Add({witness.name(), absl::StrCat(witness.size()), absl::StrCat(witness.lag_entries()),
              witness.has_time() ? TimeText(absl::StrCat(witness.time().seconds() * 1000)) : "never", witness.vkey()});
  }
  rows.Print(format, std::cout);
  std::cerr << StandingText(quorum.standing());
  if (!quorum.cosigned_note().empty()) {
    const absl::StatusOr<trust::Checkpoint> cosigned = trust::OpenCosignedCheckpoint(quorum.cosigned_note(), policy);
    if (!cosigned.ok()) return Broken(cosigned.status().message());
    std::cerr << "; the checkpoint of " << cosigned->size << " entries has its quorum";
  }
  std::cerr << "; oldest entry without: " << quorum.unwitnessed_age().seconds() << " s of " << quorum.limit().seconds()
            << "\n";
  return ExitOf(quorum.standing());
}

}  // namespace derwent::cli
