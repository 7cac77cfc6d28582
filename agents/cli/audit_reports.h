#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "agents/cli/audit_query.h"
#include "agents/cli/client.h"
#include "agents/cli/output.h"

namespace derwent::cli {

// `derwent audit replay`: one decision (`index` given), or those of the period, made again by the broker; exit 8 when
// one comes out otherwise.
absl::StatusOr<int> ReplayDecisions(Client& client, const std::string& index, const AuditFilters& period,
                                    Format format);

// `derwent audit breach`: what a credential or a window touched. `certificate`: a PEM file that names the person, and
// whose validity is the window where none is given; empty: by `filters.person` and the period.
absl::StatusOr<int> ReportBreach(Client& client, AuditFilters filters, const std::string& certificate, Format format);

// `derwent audit looked`: who looked into the ledger for this agency, and who opened what at its agent.
absl::StatusOr<int> ListLooks(Client& client, const AuditFilters& filters, Format format);

}  // namespace derwent::cli
