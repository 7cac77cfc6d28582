#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "agents/cli/audit/audit_query.h"
#include "agents/cli/session/client.h"
#include "derwent/v1/ledger.pb.h"

namespace derwent::cli {

// What is asked, for telling one unfinished export from another: the query, and of a person's a digest of the
// references, which themselves are in no file.
std::string ExportKey(const v1::SearchLedgerEntriesRequest& request);

// `derwent audit export FOLDER`: a search written to files for its owner alone (mode 0600):
//   entries.csv, entries.jsonl    the same rows, every field the agency may open; safe for spreadsheets (CWE-1236)
//   proofs/<index>.tlog-proof     each entry's receipt; `derwent audit verify` checks all offline
//   checkpoint, log.vkey          the newest tree
//   extends/<size>.add-checkpoint that it extends each tree that a receipt proves into
//   agency-keys.json              the agency's key events, with their receipts
//   manifest.json                 query, its entry, checkpoint, and the SHA-256 of every file
//   manifest.dsse.json            the agency's signature under it: who exported it, and when (export_signature.h)
// Progress goes to standard error, a line a page. Interrupted, the same command goes on where it stopped: the query
// stays one entry. Errors: kFailedPrecondition the folder holds a finished export, or
// another query's or another person's; kDataLoss the checkpoint is not the log's.
absl::StatusOr<int> ExportSearch(Client& client, const AuditFilters& filters, const std::string& folder);

}  // namespace derwent::cli
