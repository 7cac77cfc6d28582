#include "agents/cli/ledger/quorum.h"

#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "agents/cli/ledger/quorum_check.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/witness.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/note/note.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

// The client's own policy of witnesses.
absl::StatusOr<std::string> OwnPolicy(const Client& client) {
  if (client.configuration().quorum.empty())
    return absl::InvalidArgumentError("the client configuration names no `quorum`: whose cosignatures count");
  return trust::ReadFile(client.configuration().quorum, trust::kMaxNoteSize);
}

struct Verified {
  v1::GetQuorumResponse quorum;
  std::optional<trust::Checkpoint> cosigned;
};

absl::StatusOr<Verified> FetchVerified(Client& client) {
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(const std::string own, OwnPolicy(client));
  Verified verified;
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::WitnessService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(verified.quorum,
                   broker->Call(*stub, &v1::WitnessService::Stub::GetQuorum, v1::GetQuorumRequest(), client.options()));
  ASSIGN_OR_RETURN(verified.cosigned, CheckQuorum(verified.quorum, own, log_keys));
  // Not late yet, but nothing verified: that is not `witnessed` here.
  if (!verified.cosigned.has_value() && verified.quorum.standing() == v1::LEDGER_STANDING_WITNESSED)
    verified.quorum.set_standing(v1::LEDGER_STANDING_AMBER);
  return verified;
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
  ASSIGN_OR_RETURN(Verified verified, FetchVerified(client));
  return std::move(verified.quorum);
}

absl::StatusOr<CosignedCheckpoint> FetchCosigned(Client& client) {
  ASSIGN_OR_RETURN(Verified verified, FetchVerified(client));
  CosignedCheckpoint cosigned{.note = "", .policy = verified.quorum.policy(), .checkpoint = {}};
  if (verified.quorum.standing() == v1::LEDGER_STANDING_NO_QUORUM) return cosigned;
  if (!verified.cosigned.has_value()) return absl::UnavailableError("no checkpoint has its quorum of witnesses yet");
  cosigned.note = verified.quorum.cosigned_note();
  cosigned.checkpoint = *std::move(verified.cosigned);
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
      return "ROLLED BACK OR FORKED: the database is not the one that was signed (LEDGER_ROLLED_BACK, LEDGER_FORKED)";
    default:
      return "unknown";
  }
}

absl::StatusOr<int> PrintCosignatures(Client& client, Format format) {
  ASSIGN_OR_RETURN(const Verified verified, FetchVerified(client));
  const v1::GetQuorumResponse& quorum = verified.quorum;
  Rows rows({"witness", "cosigned", "behind", "when", "key"});
  for (const v1::WitnessStanding& witness : quorum.witnesses()) {
    rows.Add({witness.name(), absl::StrCat(witness.size()), absl::StrCat(witness.lag_entries()),
              witness.has_time() ? TimeText(absl::StrCat(witness.time().seconds() * 1000)) : "never", witness.vkey()});
  }
  rows.Print(format, std::cout);
  std::cerr << StandingText(quorum.standing());
  if (verified.cosigned.has_value())
    std::cerr << "; the checkpoint of " << verified.cosigned->size << " entries has its quorum";
  std::cerr << "; oldest entry without: " << quorum.unwitnessed_age().seconds() << " s of " << quorum.limit().seconds()
            << "\n";
  return ExitOf(quorum.standing());
}

}  // namespace derwent::cli
