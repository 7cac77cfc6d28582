#pragma once

#include <ostream>
#include <string>

#include "absl/status/statusor.h"

#include "agents/cli/offline_ledger.h"

namespace derwent::cli {

// Verifies the folder of a `derwent audit export` with the log's key alone, no broker: every receipt, that all are of
// one history with the checkpoint (verify_files.h), each row of both lists made again from its receipt, and that the
// manifest names every file with its digest and no other. What it cannot show: that the search left no entry out.
//
// Returns kExitDone, or kExitPartial as VerifyFiles. Errors: kInvalidArgument it is no such folder; kDataLoss naming
// the file, of a list its line, and what is wrong.
absl::StatusOr<int> VerifyAuditExport(const std::string& folder, const Believed& believed, std::ostream& out);

}  // namespace derwent::cli
