#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/witness.pb.h"
#include "trust/note/checkpoint.h"

namespace derwent::cli {

// Where the ledger stands under its quorum, verified under the client's own policy of witnesses. Errors:
// kInvalidArgument the configuration names no `quorum`; kDataLoss what the broker shows does not verify, or is under
// another policy.
absl::StatusOr<v1::GetQuorumResponse> FetchQuorum(Client& client);

// The newest checkpoint under the quorum, verified, with its policy; `note` empty: `quorum none`.
struct CosignedCheckpoint {
  std::string note;
  std::string policy;
  trust::Checkpoint checkpoint;
};
// Errors: kUnavailable no checkpoint has its quorum yet; kDataLoss what the broker shows does not verify.
absl::StatusOr<CosignedCheckpoint> FetchCosigned(Client& client);

// Prints each witness, and how the ledger stands. Exit 0 witnessed or `quorum none`; 9 amber or waiting; 7 stopped; 8
// rolled back, or the quorum that is claimed does not verify.
absl::StatusOr<int> PrintCosignatures(Client& client, Format format);

// `witnessed`, `amber`, … in words.
std::string StandingText(v1::LedgerStanding standing);

}  // namespace derwent::cli
