#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/cli/session/client.h"
#include "derwent/v1/agent_audit.pb.h"

namespace derwent::cli {

// What the own agent keeps of every share, with its receipts; the broker is not asked.
absl::StatusOr<std::vector<v1::ShareEvidence>> FetchEvidence(Client& client);

// Writes the receipts that the agent keeps, of one share or of all, as `<index>.tlog-proof` into a folder, which is
// made when it is not there: whoever gets them verifies them by `derwent ledger verify`. Returns the exit code: 9 when
// one of them has not its quorum of witnesses yet. Errors: kNotFound nothing is kept of the share; of the files.
absl::StatusOr<int> WriteReceipts(Client& client, const std::string& share, const std::string& folder);

}  // namespace derwent::cli
