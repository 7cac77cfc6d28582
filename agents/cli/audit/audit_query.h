#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "CLI/CLI.hpp"
#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/ledger.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {

// What a command searches the ledger by, as typed.
struct AuditFilters {
  std::string agency, board, purpose, decision, share, step, reason, from, to, person, category, agreement, page;
  std::vector<std::string> identifiers;
  std::string enclave = "general";
  bool as_auditor = false;
  int limit = 0;  // Rows at most; 0: all.
};

// Whom it is about: `--id`, `--enclave`.
void AddPersonConcerned(CLI::App& command, AuditFilters& filters);
// First and last day: `--from`, `--to`.
void AddPeriod(CLI::App& command, AuditFilters& filters);
// How many rows, and where they go on: `--limit`, `--page`.
void AddPages(CLI::App& command, AuditFilters& filters);
// All others, and the pages.
void AddFilters(CLI::App& command, AuditFilters& filters);

// The search; references of a person concerned are computed by the agency's own agent. Error: kInvalidArgument.
absl::StatusOr<v1::SearchLedgerEntriesRequest> SearchOf(Client& client, const AuditFilters& filters);
// Identifiers as given; `-` reads them from standard input, one a line. Error: kInvalidArgument.
absl::StatusOr<std::vector<std::string>> IdentifiersOf(const AuditFilters& filters);
// Start of a day, and of the day after it, in London. Error: kInvalidArgument.
absl::StatusOr<google::protobuf::Timestamp> StartOf(const std::string& day);
absl::StatusOr<google::protobuf::Timestamp> EndOf(const std::string& day);

// The period of any request that has one. Error: kInvalidArgument.
template <typename Request>
absl::Status SetPeriod(const AuditFilters& filters, Request& request) {
  if (!filters.from.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_start_time(), StartOf(filters.from));
  }
  if (!filters.to.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_end_time(), EndOf(filters.to));
  }
  return absl::OkStatus();
}

// What a search came to.
struct Searched {
  uint64_t query = 0;  // The query's own entry.
  std::string next;    // Where a search that was cut by `limit` goes on; empty: it was told to its end.
};
// Visits every entry of a search in ledger order, page by page, each verified against its receipt and the log's key
// before it is shown. `limit`: entries at most, 0: all.
using EntryVisit = std::function<absl::Status(const v1::LedgerEntry&)>;
// Told after every page.
using PageVisit = std::function<absl::Status(const v1::SearchLedgerEntriesResponse&)>;
absl::StatusOr<Searched> EachEntry(Client& client, v1::SearchLedgerEntriesRequest request, int limit,
                                   const EntryVisit& visit, const PageVisit& page_done = nullptr);

}  // namespace derwent::cli
