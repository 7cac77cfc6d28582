#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/share/approvals.h"
#include "broker/ledger/draft.h"

// How steps of approvals reach the ledger. At once, but for requests where existence is secret: there only a holder
// that has something asks for an approval, and everybody sees the tree grow (P08). Those steps are kept and entered
// within the one entry about approvals that each answer makes, whether there were any or none.

namespace derwent::exchange {

// A step: its own entry, and what stands of it in the one it is kept for: `asked:role:agency:approval`,
// `agreed:role:agency:person:approval`, `refused:role:agency:person:approval:reason`, or of an answer or supplement
// that was not taken `not_taken:step:share:reason`.
struct ApprovalStep {
  ledger::EntryDraft draft;
  std::string as_kept;
};

// Enters a step of a release by this holder, or keeps it while there is room. Returns the indexes: none of what is
// kept.
absl::StatusOr<std::vector<uint64_t>> EnterStepOf(const Release& release, const std::string& holder,
                                                  const ApprovalStep& step, Batch& batch);
// Hands over the steps that were kept of a release by this holder, in their order: each is entered once.
absl::StatusOr<std::vector<std::string>> TakeKeptSteps(const std::string& holder, const Release& release, Batch& batch);

}  // namespace derwent::exchange
