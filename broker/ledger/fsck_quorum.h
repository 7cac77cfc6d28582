#pragma once

#include <vector>

#include "absl/status/status.h"

#include "broker/ledger/fsck_database.h"
#include "trust/note/quorum.h"

namespace derwent::ledger {

// Whether each size that counts as cosigned has, in the cosignatures kept of it, the quorum of one of the policies:
// that in force, or one before. Their lines are verified elsewhere. Error: kDataLoss saying which has not.
absl::Status CheckQuorums(FsckDatabase& database, const std::vector<trust::QuorumPolicy>& policies);

}  // namespace derwent::ledger
