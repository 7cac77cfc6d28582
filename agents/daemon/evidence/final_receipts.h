#pragma once

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/evidence/evidence.h"

namespace derwent::agents {

// Puts, in the place of receipts that stand under the log's signature alone, the proof of the same entry into a
// checkpoint that has the witnesses' quorum under this agency's policy: what an outsider verifies though the broker is
// gone or lies. Nothing under `quorum none`. Some at each call, the oldest first. Raises `RECEIPT_INVALID` for a proof
// that does not verify, `RECEIPT_LATE` for what has waited longer than the agency accepts entries without a quorum.
// Errors: of the state; kUnavailable the broker does not answer.
absl::Status FinishReceipts(const AgentContext& context, Evidence& evidence);

}  // namespace derwent::agents
