#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/cli/audit/audit_query.h"
#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/ledger.pb.h"

namespace derwent::cli {

// What may be told to the person. Fail closed: a profile that is not known to tell openly is not told.
struct ReleaseRules {
  std::set<std::string> open_profiles;  // Those in which existence is no secret.
  std::set<uint64_t> withhold;          // Entries that the officer withholds.
  std::set<uint64_t> release;           // Entries that the officer releases although existence is a secret in them.
};

// The releasable edition: for each category that went to somebody the day, from whom, to whom, for which purpose and in
// which form. It has no number, index, share id, person, receipt or total, so that what is withheld leaves no trace:
// the edition is the same as if it had never been. Rows are sorted by what they say, equal ones told once.
Rows ReleasableEdition(const std::vector<v1::LedgerEntry>& entries, const ReleaseRules& rules);

// Profiles of the policy in force in which existence is no secret. Errors: of the broker; kInvalidArgument.
absl::StatusOr<std::set<std::string>> OpenProfiles(Client& client);

// `derwent audit person`.
struct PersonOptions {
  AuditFilters filters;
  std::string edition = "full";
  std::vector<uint64_t> withhold, release;
  bool received = true;  // Also what others sent to this agency, as far as its agent knows whom it is about.
};
absl::StatusOr<int> ReportPerson(Client& client, PersonOptions options, Format format);

}  // namespace derwent::cli
