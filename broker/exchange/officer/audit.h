#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/query_entry.h"
#include "broker/ledger/search.h"
#include "broker/ledger/tagger.h"
#include "derwent/v1/audit.pb.h"

// What an officer asks of the ledger beyond a search. Each is checked, entered as a look, and then answered from what
// is committed.

namespace derwent::exchange {

// A question whose form is right.
struct CheckedAudit {
  ledger::SearchQuery query;
  Look look;
  std::optional<QueryToken> token;
  std::optional<uint64_t> index;  // One entry alone.
  std::string serial;             // Of the credential it asks about; may be empty.
};

// Error: kNotFound `ENTRY_UNKNOWN`.
absl::StatusOr<CheckedAudit> CheckGetDecision(const v1::GetDecisionRequest& request);
// `base`: the world as it is. Error: kNotFound `ENTRY_UNKNOWN`, also where the caller's agency is no party.
absl::StatusOr<v1::AuditedDecision> GetDecision(const Caller& caller, const CheckedAudit& audit, uint64_t entry,
                                                const World& base, store::Reader& reader);

// Error: kInvalidArgument with every violation.
absl::StatusOr<CheckedAudit> CheckReplay(const Caller& caller, const v1::ReplayDecisionsRequest& request);
absl::StatusOr<v1::ReplayDecisionsResponse> ReplayDecisions(const Caller& caller, const CheckedAudit& audit,
                                                            uint64_t entry, const World& base, store::Reader& reader);

// Error: kInvalidArgument with every violation.
absl::StatusOr<CheckedAudit> CheckBreach(const Caller& caller, const v1::ReportBreachRequest& request);
// Errors: kFailedPrecondition `TOO_MUCH_AT_ONCE` more entries than one report goes through; kNotFound
// `CREDENTIAL_UNKNOWN` no certificate of the caller's agency with that serial acted.
absl::StatusOr<v1::BreachReport> ReportBreach(const CheckedAudit& audit, uint64_t entry, const ledger::Tagger& tagger,
                                              store::Reader& reader);

}  // namespace derwent::exchange
