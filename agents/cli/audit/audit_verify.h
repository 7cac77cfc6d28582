#pragma once

#include <ostream>
#include <string>

#include "absl/status/statusor.h"

#include "agents/cli/ledger/key_chain.h"
#include "agents/cli/ledger/offline_ledger.h"

namespace derwent::cli {

// Verifies the folder of a `derwent audit export` with the log's key alone, no broker: every receipt, that all are of
// one history with the checkpoint (verify_files.h), each row of both lists made again from its receipt, and that the
// manifest names every file with its digest and no other. With `roots` also the agency's signature under the manifest
// (export_signature.h): then what the search left out was left out in the agency's name; that it left nothing out it
// cannot show.
//
// Returns kExitDone, or kExitPartial: as VerifyFiles, or nothing shows whose word the manifest is. Errors:
// kInvalidArgument it is no such folder; kDataLoss naming the file, of a list its line, and what is wrong.
absl::StatusOr<int> VerifyAuditExport(const std::string& folder, const Believed& believed, const KeyRoots& roots,
                                      std::ostream& out);

}  // namespace derwent::cli
