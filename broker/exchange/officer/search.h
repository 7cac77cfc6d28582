#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/query_entry.h"
#include "broker/ledger/query.h"
#include "broker/ledger/search.h"
#include "derwent/v1/ledger.pb.h"

// Looking into the ledger: each caller sees what the table of broker/ledger/visibility.cc gives its agency.

namespace derwent::exchange {

v1::LedgerEntry RenderEntry(const ledger::OpenedEntry& opened);
// The index in `ledger/entries/{index}`. Error: kNotFound `ENTRY_UNKNOWN`.
absl::StatusOr<uint64_t> EntryIndexOf(absl::string_view name);
// With a final receipt once the witnesses cosigned a checkpoint over the entry. Error: kNotFound `ENTRY_UNKNOWN`, also
// where the caller's agency is no party.
absl::StatusOr<v1::LedgerEntry> GetLedgerEntry(const Caller& caller, uint64_t index, const World& world,
                                               store::Reader& reader);

// A search whose form is right, by somebody who may make it.
struct CheckedSearch {
  ledger::SearchQuery query;
  Look look;
  std::optional<QueryToken> token;
};
// Errors: kInvalidArgument with every violation; kPermissionDenied `ROLE_NOT_ENTITLED` who may not look as an auditor,
// or only so.
absl::StatusOr<CheckedSearch> CheckSearch(const Caller& caller, const v1::SearchLedgerEntriesRequest& request,
                                          const ledger::Tagger& tagger, const World& world, absl::Time now);
// A page of it. `entry`: of the query.
absl::StatusOr<v1::SearchLedgerEntriesResponse> SearchLedgerEntries(const CheckedSearch& search, uint64_t entry,
                                                                    store::Reader& reader);

// Whether a person may audit its own agency, or see the metadata of the whole ledger.
bool MayAuditOwn(const Caller& caller, const World& world, absl::Time now);
bool MayAuditMetadata(const Caller& caller, const World& world, absl::Time now);

}  // namespace derwent::exchange
