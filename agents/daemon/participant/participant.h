#pragma once

#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/config.h"
#include "agents/daemon/context/context.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/participant/checkpoint_carrier.h"
#include "agents/daemon/participant/own_entries.h"
#include "agents/witness/witness.h"
#include "trust/entry/opening.h"

namespace derwent::agents {

// The agency's second key of the ledger (`…/participant`). It cosigns a checkpoint only after it found that, since the
// last one it cosigned,
//
// * every entry that names this agency fits what the agency knows itself (OwnEntries), proven into that checkpoint;
// * every entry that the agency holds a receipt of is told. That they are in the tree needs no second proof: a receipt
//   was verified when it came, and the checkpoint extends the one in it (Evidence);
// * nothing that it sent longer ago than the grace is without its receipt.
//
// An entry that does not fit never leaves the ledger: its receipt is kept as evidence, `LEDGER_MISSTATES_US` is raised,
// and nothing is signed, after a restart neither, until the agency's configuration names the entry as accepted. What is
// only missing (`LEDGER_MISSTATES_US` where a told receipt is denied, `RECEIPT_MISSING`, `RECEIPT_INVALID`) is asked
// for again each time. One thread.
class Participant {
 public:
  // Keeps its state in `participant.db` of the state folder, its verifier key in `participant.vkey` beside it; makes
  // its key where there is none. Borrows what it is given. Errors: of the files, naming each.
  static absl::StatusOr<std::unique_ptr<Participant>> Open(const AgentConfig& config, const AgentContext& context,
                                                           Evidence& evidence, RequestState& requests);

  const trust::VerifierKey& vkey() const { return witness_->vkey(); }
  // Looks for a checkpoint, checks and signs it. False: there is none to sign. Errors: why it did not sign; of the
  // calls.
  absl::StatusOr<bool> Once();

 private:
  Participant(const ParticipantConfig& config, const AgentContext& context, Evidence& evidence, RequestState& requests,
              std::unique_ptr<Witness> witness, std::string origin);

  // The entry for which it refuses; nothing: none.
  absl::Status CheckRefusal();
  absl::Status Judge(const std::string& note, const WitnessView& seen);
  absl::Status CheckAnswered();
  // Checks entries from `from` on and returns where the next page begins.
  absl::StatusOr<uint64_t> CheckPage(const trust::Checkpoint& checkpoint, uint64_t from);
  absl::Status CheckTold(const v1::ListOwnEntriesResponse& page, uint64_t from);
  absl::Status CheckEntry(const v1::Receipt& receipt, const trust::Checkpoint& checkpoint);
  absl::Status Invalid(absl::string_view why);

  const ParticipantConfig config_;
  const AgentContext& context_;
  Evidence& evidence_;
  KnownShares known_;
  OwnEntries own_;
  const std::unique_ptr<Witness> witness_;
  const std::string origin_;
  CheckpointCarrier carrier_;
};

}  // namespace derwent::agents
