#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/cli/audit/audit_query.h"
#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/agent_audit.pb.h"
#include "derwent/v1/ledger.pb.h"

namespace derwent::cli {

// Something that one side knows and the other does not.
struct Gap {
  std::string share;
  std::string entry;  // Index; empty where there is none.
  std::string what;
};

// Holds an agency's own outbox and inbox against the ledger's entries of the agency, both ways: every share known here
// has its entry; every entry that a receipt proves is told; every entry that sends or brings a share is of one known
// here, and its receipt is kept. `entries`: all of the agency's that concern a share of `shares`, or one that is
// not among `known`, the ids of all shares known here, those of other periods too.
std::vector<Gap> CompareWithLedger(const std::vector<v1::ShareEvidence>& shares,
                                   const std::vector<v1::LedgerEntry>& entries, const std::set<std::string>& known,
                                   const std::string& agency);

// The shares for a child that policy sets off and a person's reason kept from being made: no gap, but to be looked at.
std::vector<Gap> NotMade(const std::vector<v1::ShareEvidence>& shares);

// `derwent audit completeness`: exit 8 when something is missing.
absl::StatusOr<int> CheckCompleteness(Client& client, const AuditFilters& period, Format format);

}  // namespace derwent::cli
