#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "agents/cli/audit/audit_query.h"
#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"

namespace derwent::cli {

// `derwent audit replay`: one decision (`index` given), or those of the period, made again by the broker; exit 8 when
// one comes out otherwise.
absl::StatusOr<int> ReplayDecisions(Client& client, const std::string& index, const AuditFilters& period,
                                    Format format);

// How a credential is named beside its bearer's id: one or neither.
struct LostCredential {
  std::string certificate;  // A PEM file that names the person, and since when.
  std::string serial;       // Hexadecimal: the broker knows whose certificate it was.
};
// `derwent audit breach`: what a credential or a window touched; by `filters.person` and the period where `lost` is
// empty.
absl::StatusOr<int> ReportBreach(Client& client, AuditFilters filters, const LostCredential& lost, Format format);

}  // namespace derwent::cli
