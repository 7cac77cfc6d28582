#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/receiving/erasure_check.h"
#include "agents/daemon/receiving/handover.h"
#include "agents/daemon/state/request_state.h"

namespace derwent::agents {

// Erases here what was erased in the ledger, and attests it. The broker's word alone erases nothing: the record must be
// proved, and either two officers have signed or the retention is over by the policy this agent verified. Thread-safe.
class Eraser {
 public:
  // Borrows all; uses none of them before Work.
  Eraser(const AgentContext& context, Evidence& evidence, RequestState& requests, Handover& handover)
      : context_(context), evidence_(evidence), requests_(requests), handover_(handover) {}

  // Asks what is to be attested and does it; what is repeated after a crash changes nothing. One that does not verify
  // raises `ERASURE_REJECTED` and is not attested. Errors: kUnavailable: ask again later; the first rejection.
  absl::Status Work();

 private:
  absl::Status CarryOut(const v1::Erasure& erasure);
  absl::Status EraseHere(const std::vector<ReceiptRow>& receipts, const trust::FieldSet& fields);
  absl::StatusOr<bool> IsReply(const std::string& share_id) const;
  absl::Status EraseRequest(const std::string& request_id, const std::set<uint64_t>& entries,
                            const trust::FieldSet& fields);
  absl::Status Attest(uint64_t erasure_entry);

  const AgentContext& context_;
  Evidence& evidence_;
  RequestState& requests_;
  Handover& handover_;
};

}  // namespace derwent::agents
